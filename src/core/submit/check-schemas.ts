import type { FieldError } from '../contract/errors.ts'
import { MAX_SCHEMAS } from '../contract/limits.ts'
import type { TaskSpec } from '../contract/task-spec.ts'

/** The distinct schemas of a plan, each with the indexes of the tasks that use it. */
export function distinctSchemas(tasks: readonly TaskSpec[]): Map<string, number[]> {
  const texts = new Map<unknown, string>()
  const found = new Map<string, number[]>()
  for (const [index, { outputSchema }] of tasks.entries()) {
    if (outputSchema === undefined) continue
    // Tasks of one pattern share the same object.
    const text = texts.get(outputSchema) ?? JSON.stringify(outputSchema)
    texts.set(outputSchema, text)
    const sharing = found.get(text)
    if (sharing === undefined) found.set(text, [index])
    else sharing.push(index)
  }
  return found
}

/** Checked before any of them is compiled. */
export function schemaCountErrors(
  schemas: ReadonlyMap<string, readonly number[]>,
  pointerOf: (index: number) => string,
): FieldError[] {
  const [extra] = [...schemas.values()][MAX_SCHEMAS] ?? []
  if (extra === undefined) return []
  const detail = `is one JSON Schema too many: the tasks of a plan may have at most ${MAX_SCHEMAS} distinct ones`
  return [{ pointer: `${pointerOf(extra)}/outputSchema`, detail }]
}

/** The errors of tasks with unusable schemas; each schema is checked once. */
export async function schemaErrors(
  deps: { schemaProblem: (schema: Record<string, unknown>) => Promise<string | undefined> },
  tasks: readonly TaskSpec[],
  schemas: ReadonlyMap<string, readonly number[]>,
  pointerOf: (index: number) => string,
): Promise<FieldError[]> {
  const errors: FieldError[] = []
  for (const indexes of schemas.values()) {
    const schema = tasks[indexes[0] ?? 0]?.outputSchema
    const problem = schema && (await deps.schemaProblem(schema))
    if (problem === undefined) continue
    const detail = `is not a valid JSON Schema: it ${problem}`
    for (const index of indexes)
      errors.push({ pointer: `${pointerOf(index)}/outputSchema`, detail })
  }
  return errors
}
