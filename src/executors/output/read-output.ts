import type { Failure } from '../../core/contract/errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { Usage } from '../../core/contract/usage.ts'
import { findingsInJson } from '../../core/findings/findings-in-json.ts'
import { withoutReasoning } from '../../core/findings/reasoning.ts'
import type { ExecutionOutcome } from '../../core/ports/executor.ts'
import { EMPTY, offSchema, outcomeOf } from './outcome.ts'
import { readJson, schemaProblem } from './output-schema.ts'

/** `readOutput`, on whatever thread. */
export type ReadOutput = (
  ...args: Parameters<typeof readOutput>
) => Promise<ReturnType<typeof readOutput>>

/**
 * The outcome for a text from outside. An empty text, or one that does not match its schema, is
 * incomplete; findings in its JSON become data. `unfinished` says why the text is not complete.
 */
export function readOutput(
  text: string,
  { outputSchema: schema }: Pick<TaskSpec, 'outputSchema'>,
  { usage, unfinished }: { usage: Usage; unfinished?: Failure | undefined },
): ExecutionOutcome {
  const findings = findingsInJson(text)
  const end = (reason: Failure | undefined, data?: unknown, kept = text) =>
    outcomeOf({ text: kept, data, findings, reason, usage })
  if (unfinished !== undefined) return end(unfinished)
  if (withoutReasoning(text).text.trim() === '')
    return end({ ...EMPTY, message: 'The output is empty.' })
  if (schema === undefined) return end(undefined)
  const problem = schemaProblem(schema)
  if (problem !== undefined) return end(offSchema([`The schema ${problem}`]))
  const read = readJson(schema, text)
  return read.fits ? end(undefined, read.data, read.text) : end(offSchema(read.problems))
}
