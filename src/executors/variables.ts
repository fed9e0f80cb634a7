/** A reference to a variable of the operator's environment. */
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/**
 * Fills in templates with the values of the variables that they name as `${NAME}`. A variable that
 * is not set becomes a problem that names it and its place; problems never contain values.
 */
export function variablesOf(environment: Record<string, string | undefined>, problems: string[]) {
  const filled = (
    place: string,
    template: string,
    onValue: (value: string) => void = () => {},
  ): string =>
    template.replace(REFERENCE, (_, variable: string) => {
      const found = environment[variable] ?? ''
      if (found === '') problems.push(`${place}: ${variable} is not set`)
      onValue(found)
      return found
    })
  const filledAll = (place: string, templates: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(templates).map(([key, text]) => [key, filled(`${place}.${key}`, text)]),
    )
  return { filled, filledAll }
}

/**
 * Programs by name, with the values of the variables that their `env` names, which are their secrets.
 *
 * @throws {Error} naming every variable that is not set.
 */
export function withVariables<Name extends string, T extends { env: Record<string, string> }>(
  settings: Record<Name, T>,
  environment: Record<string, string | undefined>,
): Record<Name, T & { secrets: string[] }> {
  const problems: string[] = []
  const { filled: fill } = variablesOf(environment, problems)
  const filled = Object.fromEntries(
    Object.entries<T>(settings).map(([name, each]) => {
      const secrets: string[] = []
      const env = Object.fromEntries(
        Object.entries(each.env).map(([key, text]) => [
          key,
          fill(`${name}.env.${key}`, text, (value) => secrets.push(value)),
        ]),
      )
      return [name, { ...each, env, secrets }]
    }),
  )
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return filled as Record<Name, T & { secrets: string[] }>
}
