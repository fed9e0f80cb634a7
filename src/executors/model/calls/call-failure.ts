import { PermanentError, TransientError } from '../../../core/contract/errors.ts'
import { factsOf, isMisuse } from './error-facts.ts'
import { QUOTA_TYPES, TOO_LONG_TYPES, type Understood, understood } from './known-words.ts'
import { retryAfterMs } from './retry-after.ts'

/**
 * Why a model call gave no answer. Messages are composed here from the provider's name, the status
 * and known words: what a provider writes in an error may repeat the prompt or the key.
 */
export interface CallFailure {
  /**
   * `rate-limited`, `overloaded`: the gate decides when to call again. `transient`: another call
   * may succeed. `permanent`: it will not, but see `elsewhere`, which means that another model may.
   */
  kind: 'rate-limited' | 'overloaded' | 'transient' | 'permanent'
  code: string
  message: string
  retryAfterMs?: number | undefined
  elsewhere: boolean
  /** The HTTP status, if there was one. */
  status?: number | undefined
  /** The output limit with which the same call may be accepted, if only its limit was too high. */
  outputLimit?: number | undefined
}

/** Error types and codes that providers are known to send, and that may be passed on. */
const KNOWN_TYPES = new Set([
  ...QUOTA_TYPES,
  ...TOO_LONG_TYPES,
  'api_error',
  'authentication_error',
  'content_filter',
  'content_policy_violation',
  'engine_overloaded_error',
  'invalid_api_key',
  'invalid_prompt',
  'invalid_request_error',
  'model_not_found',
  'not_found_error',
  'overloaded_error',
  'permission_error',
  'rate_limit_error',
  'rate_limit_exceeded',
  'rate_limit_reached_error',
  'RESOURCE_EXHAUSTED',
  'server_error',
  'ThrottlingException',
  'timeout_error',
  'tokens',
  'UNAVAILABLE',
  'requests',
])
const TOO_FAST_TYPES = /^rate_?limit|^Throttling|^RESOURCE_EXHAUSTED$|^too_many_requests/i
const OVERLOADED_TYPES = /^overloaded_error$|^engine_overloaded|^ServiceUnavailable|^UNAVAILABLE$/i
const FAILED_TYPES = /^(?:api_error|server_error|internal_?error|INTERNAL|timeout_error)$/i

/** Interprets an error that a provider's SDK threw or sent within a stream. */
export function failureOf(error: unknown, provider: string): CallFailure {
  if (isMisuse(error)) {
    const message = `The call to the provider ${provider} could not be made.`
    return { kind: 'permanent', code: 'model-call-invalid', message, elsewhere: true }
  }
  const facts = factsOf(error)
  const { types, headers, hasResponse } = facts
  const status = facts.status
  const known = types.find((type) => KNOWN_TYPES.has(type) && !/^\d+$/.test(type))
  const said = known === undefined ? '' : ` (${known})`
  const answered = status === undefined ? 'sent an error' : `answered ${status}`
  const message = `The provider ${provider} ${answered}${said}.`
  const wait = { status, retryAfterMs: retryAfterMs(headers) ?? facts.retryAfterMs }
  const meaning = meaningOf(status, types, facts.said)

  if (status === 402 || meaning?.means === 'quota') {
    const why = `${message} The quota or credit of its account is used up.`
    return { kind: 'permanent', code: 'provider-quota', message: why, elsewhere: true, status }
  }
  if (meaning !== undefined) return tooLong(meaning, message, status)
  if (status === 529 || types.some((type) => OVERLOADED_TYPES.test(type))) {
    return { kind: 'overloaded', code: 'provider-overloaded', message, elsewhere: true, ...wait }
  }
  if (status === 429 || types.some((type) => TOO_FAST_TYPES.test(type))) {
    return {
      kind: 'rate-limited',
      code: 'provider-rate-limited',
      message,
      elsewhere: true,
      ...wait,
    }
  }
  if (status === 408 || status === 409 || status === 425 || (status ?? 0) >= 500) {
    return { kind: 'transient', code: 'provider-error', message, elsewhere: true, ...wait }
  }
  if (status !== undefined && status >= 400) return refusal(status, types, message)
  if (types.some((type) => FAILED_TYPES.test(type))) {
    return { kind: 'transient', code: 'provider-error', message, elsewhere: true }
  }
  if (known !== undefined) return refusal(400, types, message)
  if (hasResponse) return unusable(provider)
  return {
    kind: 'transient',
    code: 'provider-unreachable',
    message: `The connection to the provider ${provider} failed.`,
    elsewhere: true,
  }
}

/** Statuses that mean something else, whatever the provider's words may suggest. */
const OTHERWISE = new Set([401, 404, 408, 529])

function meaningOf(
  status: number | undefined,
  types: readonly string[],
  said: string,
): Understood | undefined {
  if (status !== undefined && OTHERWISE.has(status)) return undefined
  const words = understood(said)
  const isTooLong = types.some((type) => TOO_LONG_TYPES.has(type))
  // Google's code for a per-minute limit is OpenAI's for an account without money: only the text
  // tells.
  const isQuota = types.some((type) => QUOTA_TYPES.has(type))
  if (isQuota && words?.means !== 'too-long') return { means: 'quota' }
  if (words !== undefined) return words
  return isTooLong || status === 413 ? { means: 'too-long' } : undefined
}

function tooLong(meaning: Understood, answered: string, status: number | undefined): CallFailure {
  const { means, sent, limit, output = 0 } = meaning
  if (means === 'output-limit') {
    const most = limit === undefined ? '' : `: at most ${limit} tokens`
    const message = `${answered} It was asked to write more than it can${most}.`
    const refused = { code: 'provider-rejected', message, elsewhere: true, status }
    return { kind: 'permanent', ...refused, outputLimit: limit }
  }
  const over =
    meaning.over ?? (sent === undefined || limit === undefined ? 0 : sent + output - limit)
  const size =
    sent === undefined ? '' : ` of ${sent}${output === 0 ? '' : ` and ${output} to be written`}`
  const most = limit === undefined ? '' : ` It accepts ${limit} tokens.`
  const excess = over > 0 ? ` It was ${over} tokens too many${size === '' ? '' : `,${size}`}.` : ''
  const message = `${answered} It was sent more than it accepts.${most}${excess}`
  const room = sent === undefined || limit === undefined || output === 0 ? 0 : limit - sent
  return {
    kind: 'permanent',
    code: 'context-too-long',
    message,
    // Another model may accept more.
    elsewhere: true,
    status,
    outputLimit: room >= LEAST_OUTPUT ? room : undefined,
  }
}

/** With room for fewer output tokens, a call is not worth making. */
const LEAST_OUTPUT = 1_000

/** An answer that ended too early, or was not an answer. */
export function unusable(provider: string): CallFailure {
  return {
    kind: 'transient',
    code: 'provider-invalid-response',
    message: `The provider ${provider} sent an answer that was cut off or could not be read.`,
    elsewhere: true,
  }
}

/**
 * The error for the queue. Without a cause, which would bring the provider's words into the log.
 */
export function errorOf(failure: CallFailure): TransientError | PermanentError {
  const { kind, code, message } = failure
  return kind === 'permanent'
    ? new PermanentError(code, message)
    : new TransientError(message, { code, retryAfterMs: failure.retryAfterMs })
}

function refusal(status: number, types: string[], answered: string): CallFailure {
  const refused = (code: string, why: string, elsewhere: boolean): CallFailure => {
    return { kind: 'permanent', code, message: `${answered} ${why}`, elsewhere, status }
  }
  switch (types.includes('model_not_found') ? 404 : status) {
    case 401:
      return refused('provider-unauthorized', 'It does not accept the key configured here.', true)
    case 403:
      return refused('provider-forbidden', 'The key configured here may not do this.', true)
    case 404:
      return refused('model-not-found', 'It does not know the model.', true)
    default:
      return refused('provider-rejected', 'It does not accept what it was sent.', false)
  }
}
