import type { Failure } from '../../core/contract/errors.ts'
import type { Finding } from '../../core/contract/findings.ts'
import type { Usage } from '../../core/contract/usage.ts'
import type { ExecutionOutcome } from '../../core/ports/executor.ts'
import { shorten } from '../../core/text/shorten.ts'

/** Why the model's last answer ended, in the AI SDK's terms. */
export type FinishReason =
  | 'stop'
  | 'length'
  | 'content-filter'
  | 'tool-calls'
  | 'error'
  | 'interrupted'
  | 'other'

/** Nonstandard finish reasons that mean that the answer is complete. */
const WHOLE = /^(eos|eos_token|end|end_of_turn|done|complete|completed|stop\w*)$/i

/** Anthropic's request to be called again for the rest, which the AI SDK takes for an end. */
const PAUSED = 'pause_turn'

const ENDED_EARLY: Failure = {
  code: 'unfinished',
  message: 'The model ended its answer for an unknown reason.',
}

/** Why an answer is incomplete; `undefined` if it is complete. */
export function unfinished(
  reason: FinishReason,
  raw: string | undefined,
  maxSteps: number,
): Failure | undefined {
  switch (reason) {
    case 'stop':
      return raw === PAUSED ? ENDED_EARLY : undefined
    case 'length':
      return { code: 'token-limit', message: 'The model reached its limit of output tokens.' }
    case 'content-filter':
      return { code: 'content-filter', message: 'The provider or the model declined to answer.' }
    case 'tool-calls':
      return { code: 'step-limit', message: `The model had not finished after ${maxSteps} steps.` }
    case 'error':
    case 'interrupted':
    case 'other':
      return raw !== undefined && WHOLE.test(raw) ? undefined : ENDED_EARLY
  }
}

/** A tool call that was not recognised, so nothing was done. */
export const SPOKEN_CALL: Failure = {
  code: 'unfinished',
  message: 'The model wrote a tool call as text instead of making it.',
}

export const EMPTY: Failure = { code: 'empty-output', message: 'The model gave an empty answer.' }

/** Callers are told which rule was broken; they can look at the output themselves. */
export function offSchema(problems: readonly string[]): Failure {
  const list = shorten(problems.slice(0, 3).join('; '), 500, '…')
  return { code: 'off-schema', message: `The answer does not satisfy the output schema. ${list}` }
}

/** Assembles an outcome, leaving out empty fields. */
export function outcomeOf(result: {
  text: string
  data?: unknown
  findings: Finding[]
  reason: Failure | undefined
  usage: Usage
  reasoning?: string | undefined
}): ExecutionOutcome {
  const { text, data, findings, reason, usage, reasoning = '' } = result
  const output = {
    text,
    ...(data === undefined ? {} : { data }),
    ...(findings.length === 0 ? {} : { findings }),
    ...(reasoning === '' ? {} : { reasoning }),
  }
  return reason === undefined
    ? { status: 'succeeded', output, usage }
    : { status: 'incomplete', output, reason, usage }
}
