import { type Failure, type PermanentError, TransientError } from '../../core/contract/errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { ExecutionOutcome } from '../../core/ports/executor.ts'
import { type CallFailure, errorOf, failureOf } from '../model/calls/call-failure.ts'
import { offSchema, outcomeOf } from '../output/outcome.ts'
import type { ReadOutput } from '../output/read-output.ts'
import type { ApiRetry, Result } from './messages.ts'
import type { Progress } from './progress.ts'

/** How a conversation ended: with a result, or without one because the agent broke off. */
export interface Ending {
  result: Result | undefined
  /** The SDK's name for the failure that replaced the last answer. */
  error: string | undefined
  lastRetry: ApiRetry | undefined
}

/** Different from the code for an exhausted plan budget, which would end the plan. */
export const COST_LIMIT = 'cost-limit'

/**
 * Turns the result of a conversation into an outcome. The SDK's own messages repeat what the
 * provider wrote, so none of them is passed on.
 *
 * @throws {TransientError | PermanentError} With the codes of the executor `model`, or
 * `agent-failed`.
 */
export async function outcomeOfEnding(
  { result, error, lastRetry }: Ending,
  task: { spec: TaskSpec; progress: Progress; maxSteps: number; read: ReadOutput },
): Promise<ExecutionOutcome> {
  const { progress, spec } = task
  const usage = progress.usage()
  const incomplete = (reason: Failure) =>
    outcomeOf({ text: progress.text(), findings: [], reason, usage })
  switch (result?.subtype) {
    case 'success': {
      if (result.is_error) {
        if (error === 'max_output_tokens') return incomplete(TOKEN_LIMIT)
        throw errorOf(failureOfResult(result, error, lastRetry))
      }
      const { structured_output: data, result: text = '' } = result
      const refused = result.stop_reason === 'refusal' ? REFUSED : undefined
      const output = data === undefined ? text : JSON.stringify(data)
      return task.read(output, spec, { usage, unfinished: refused })
    }
    case 'error_max_turns':
      return incomplete({
        code: 'step-limit',
        message: `The agent had not finished after ${task.maxSteps} steps.`,
      })
    case 'error_max_budget_usd':
      return incomplete({
        code: COST_LIMIT,
        message: 'The agent reached its cost limit before it finished.',
      })
    case 'error_max_structured_output_retries':
      return incomplete(offSchema([]))
    default:
      throw new TransientError('The agent broke off.', { code: 'agent-failed' })
  }
}

const TOKEN_LIMIT: Failure = {
  code: 'token-limit',
  message: 'The model reached its limit of output tokens.',
}
const REFUSED: Failure = {
  code: 'content-filter',
  message: 'The provider or the model declined to answer.',
}

/** Statuses for the SDK's error names, if it gives no status. */
const STATUS: Record<string, number> = {
  authentication_failed: 401,
  billing_error: 402,
  oauth_org_not_allowed: 403,
  account_on_hold: 403,
  verification_required: 403,
  model_not_found: 404,
  invalid_request: 400,
  rate_limit: 429,
  overloaded: 529,
}

function failureOfResult(
  { api_error_status: status, terminal_reason: why }: Result,
  error: string | undefined,
  lastRetry: ApiRetry | undefined,
): CallFailure {
  const failure = failureOfCall(
    status ?? null,
    error ?? 'unknown',
    why === 'prompt_too_long' ? 'context_length_exceeded' : undefined,
  )
  return { ...failure, retryAfterMs: lastRetry?.retry_delay_ms }
}

function failureOfCall(status: number | null, error: string, type?: string): CallFailure {
  const statusCode = status ?? STATUS[error]
  // Without a status there was no answer.
  const facts = statusCode === undefined ? new Error(error) : { statusCode, type }
  return failureOf(facts, 'anthropic')
}

/** How many failures the SDK may retry before it is better to retry the whole task later. */
const PATIENCE = 4

/**
 * Why waiting for another retry is pointless; `undefined` if it is not. The SDK would retry for
 * minutes, even with an invalid key. It does wait out the provider's rate limits, as the provider
 * asks.
 */
export function hopeless(retry: ApiRetry): TransientError | PermanentError | undefined {
  const failure = failureOfCall(retry.error_status, retry.error)
  switch (failure.kind) {
    case 'permanent':
      return errorOf(failure)
    case 'transient':
      return retry.attempt > PATIENCE ? errorOf(failure) : undefined
    case 'rate-limited':
    case 'overloaded':
      return undefined
  }
}

/** What the provider asks of other callers, if anything. */
export function refusalOf(retry: ApiRetry): 'rate-limited' | 'overloaded' | undefined {
  const { kind } = failureOfCall(retry.error_status, retry.error)
  return kind === 'rate-limited' || kind === 'overloaded' ? kind : undefined
}
