import { APICallError } from 'ai'
import { PermanentError, TransientError } from '../../../core/contract/errors.ts'
import { retryAfterMs } from './retry-after.ts'

/**
 * Why one call of a model gave no answer. Messages are made here, of the provider's name, the status
 * and known words: what a provider writes into an error may repeat the prompt or the key.
 */
export interface CallFailure {
  /**
   * `rate-limited`, `overloaded`: the gate says when to call again. `transient`: another call may
   * go well. `permanent`: it will not; `elsewhere` when another model may do better.
   */
  kind: 'rate-limited' | 'overloaded' | 'transient' | 'permanent'
  code: string
  message: string
  retryAfterMs?: number | undefined
  elsewhere: boolean
  /** The HTTP status, where there was one. */
  status?: number | undefined
}

/** Words that providers are known to send as the type or code of an error. */
const KNOWN_TYPES = new Set([
  'api_error',
  'authentication_error',
  'billing_error',
  'content_filter',
  'content_policy_violation',
  'context_length_exceeded',
  'insufficient_quota',
  'invalid_api_key',
  'invalid_prompt',
  'invalid_request_error',
  'model_not_found',
  'not_found_error',
  'overloaded_error',
  'permission_error',
  'rate_limit_error',
  'rate_limit_exceeded',
  'request_too_large',
  'server_error',
  'timeout_error',
  'tokens',
  'requests',
])

/** Reads an error that a provider's SDK threw or sent within a stream. */
export function failureOf(error: unknown, provider: string): CallFailure {
  if (isMisuse(error)) {
    const message = `The call could not be made of the provider ${provider}.`
    return { kind: 'permanent', code: 'model-call-invalid', message, elsewhere: true }
  }
  const { status, types, headers, hasResponse, said: words } = factsOf(error)
  const known = types.find((type) => KNOWN_TYPES.has(type))
  const said = known === undefined ? '' : ` (${known})`
  const answered = status === undefined ? 'sent an error' : `answered ${status}`
  const message = `The provider ${provider} ${answered}${said}.`
  const wait = { status, retryAfterMs: retryAfterMs(headers) }

  const isUnpaid = types.includes('insufficient_quota') || types.includes('billing_error')
  if (isUnpaid || status === 402 || (status === 400 && UNPAID.test(words))) {
    const why = `${message} The quota or credit of its account is used up.`
    return { kind: 'permanent', code: 'provider-quota', message: why, elsewhere: true, status }
  }
  if (status === 429 || (status === undefined && types.some((type) => /^rate_limit/.test(type)))) {
    return {
      kind: 'rate-limited',
      code: 'provider-rate-limited',
      message,
      elsewhere: true,
      ...wait,
    }
  }
  if (status === 529 || types.includes('overloaded_error')) {
    return { kind: 'overloaded', code: 'provider-overloaded', message, elsewhere: true, ...wait }
  }
  if (status === 408 || status === 409 || status === 425 || (status ?? 0) >= 500) {
    return { kind: 'transient', code: 'provider-error', message, elsewhere: true, ...wait }
  }
  if (status !== undefined && status >= 400) return refusal(status, types, message, words)
  if (status === undefined && (known === 'api_error' || known === 'server_error')) {
    return { kind: 'transient', code: 'provider-error', message, elsewhere: true }
  }
  if (status === undefined && known !== undefined) return refusal(400, types, message, words)
  if (hasResponse) return unusable(provider)
  return {
    kind: 'transient',
    code: 'provider-unreachable',
    message: `The connection to the provider ${provider} failed.`,
    elsewhere: true,
  }
}

/** An answer that ended too early, or was no answer at all. */
export function unusable(provider: string): CallFailure {
  return {
    kind: 'transient',
    code: 'provider-invalid-response',
    message: `The provider ${provider} sent an answer that broke off or could not be read.`,
    elsewhere: true,
  }
}

/** As the queue understands it. Without a cause: it would bring the provider's words to the log. */
export function errorOf(failure: CallFailure): TransientError | PermanentError {
  const { kind, code, message } = failure
  return kind === 'permanent'
    ? new PermanentError(code, message)
    : new TransientError(message, { code, retryAfterMs: failure.retryAfterMs })
}

/** Some refusals have no type of their own and are told by what they say, which is not passed on. */
const UNPAID = /credit balance is too low|insufficient (?:credits?|balance|funds)/i
const TOO_LONG =
  /(?:prompt|input|request|messages?) (?:is|are) too long|(?:maximum|max) context|context (?:length|window|size)|too many (?:input )?tokens/i

function refusal(status: number, types: string[], answered: string, words: string): CallFailure {
  const refused = (code: string, why: string, elsewhere: boolean): CallFailure => {
    return { kind: 'permanent', code, message: `${answered} ${why}`, elsewhere, status }
  }
  const isTooLong =
    status === 413 ||
    types.includes('context_length_exceeded') ||
    types.includes('request_too_large') ||
    (status === 400 && TOO_LONG.test(words))
  if (isTooLong) return refused('context-too-long', 'It was sent more than it takes.', false)
  if (types.includes('model_not_found')) status = 404
  switch (status) {
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

interface Facts {
  status: number | undefined
  /** The words under `type` and `code`, wherever the provider put them. */
  types: string[]
  headers: Record<string, string> | undefined
  /** There was an answer, of whatever kind. */
  hasResponse: boolean
  /** What the error says, only to be looked at: it may repeat the prompt or the key. */
  said: string
}

/** SDK errors that mean: the answer came and could not be read. */
const UNREADABLE =
  /^AI_(JSONParse|TypeValidation|InvalidResponseData|EmptyResponseBody|NoContentGenerated)/

/** The SDK refused to make the call: a missing key, something the model cannot do. */
function isMisuse(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name.startsWith('AI_') &&
    !APICallError.isInstance(error) &&
    !UNREADABLE.test(error.name)
  )
}

function factsOf(error: unknown): Facts {
  if (APICallError.isInstance(error)) {
    const { statusCode, responseHeaders, responseBody } = error
    return {
      status: statusCode === undefined || statusCode < 300 ? undefined : statusCode,
      types: typesIn(error.data).concat(typesIn(parse(responseBody))),
      headers: responseHeaders,
      hasResponse: statusCode !== undefined,
      said: `${messageIn(error.data)} ${messageIn(parse(responseBody))}`,
    }
  }
  const isError = error instanceof Error
  const isUnreadable = isError && UNREADABLE.test(error.name)
  // What is no error is what the provider sent in its stream.
  const types = isError ? [] : typesIn(error)
  const status = isRecord(error) && !isError ? error.statusCode : undefined
  return {
    status: typeof status === 'number' ? status : undefined,
    types,
    headers: undefined,
    hasResponse: isUnreadable || !isError,
    said: isError ? '' : messageIn(error),
  }
}

function messageIn(value: unknown, depth = 0): string {
  if (!isRecord(value) || depth > 2) return ''
  const { message } = value
  // Where a provider repeats the prompt, it does so after its own words.
  return typeof message === 'string' ? message.slice(0, 200) : messageIn(value.error, depth + 1)
}

function typesIn(value: unknown, depth = 0): string[] {
  if (!isRecord(value) || depth > 2) return []
  const own = [value.type, value.code].filter((word) => typeof word === 'string')
  return [...own, ...typesIn(value.error, depth + 1), ...typesIn(value.data, depth + 1)]
}

function parse(text: string | undefined): unknown {
  if (text === undefined || text.length > 100_000) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
