import { z } from 'zod'
import type { TaskSpec } from '../core/submission.ts'

/** An option by which a task names one of the things that the operator configured. */
export interface Choice {
  option: string
  names: string[]
}

/** `task.options` with that one option, which may be left out where there is only one name. */
export function chooseOption({ option, names }: Choice) {
  const name = z.enum(names)
  return z.strictObject({ [option]: names.length === 1 ? name.optional() : name })
}

/** What is wrong with the options of a task whose executor knows neither models nor tools. */
export function validateChoice(spec: TaskSpec, choice: Choice, executor: string) {
  const problems: { path: (string | number)[]; message: string }[] = []
  const parsed = chooseOption(choice).safeParse(spec.options ?? {})
  for (const { path, message } of parsed.error?.issues ?? []) {
    problems.push({ path: ['options', ...path.map(String)], message })
  }
  for (const field of ['model', 'tools'] as const) {
    if (spec[field] === undefined) continue
    problems.push({ path: [field], message: `is not supported by the executor \`${executor}\`` })
  }
  return problems
}
