import type { APICallError } from 'ai'
import { shorten } from '../../../core/text/shorten.ts'

/** What is known about an error that a provider sent, or its SDK threw. */
export interface ErrorFacts {
  status: number | undefined
  /** The words under `type`, `code`, `status` and similar keys, wherever the provider put them. */
  types: string[]
  headers: Record<string, string> | undefined
  /** There was some kind of answer. */
  hasResponse: boolean
  /** The error's text, only for matching: it may repeat the prompt or the key. */
  said: string
  /** How long the body of the error asks to wait, in milliseconds. */
  retryAfterMs: number | undefined
}

/** SDK errors for an answer that arrived but could not be read. */
const UNREADABLE =
  /^AI_(JSONParse|TypeValidation|InvalidResponseData|EmptyResponseBody|NoContentGenerated)/

/** If a provider repeats the prompt, it does so after its own words. */
const LOOKED_AT = 600
const MAX_BODY = 100_000
const MAX_DEPTH = 6

/** By its name: the SDK is large, and this is read by processes that never load it. */
function isApiCallError(error: unknown): error is APICallError {
  return error instanceof Error && error.name === 'AI_APICallError'
}

/** The SDK refused to make the call: a missing key, something the model cannot do. */
export function isMisuse(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name.startsWith('AI_') &&
    !isApiCallError(error) &&
    !UNREADABLE.test(error.name)
  )
}

export function factsOf(error: unknown): ErrorFacts {
  if (isApiCallError(error)) {
    const { statusCode, responseHeaders: headers, responseBody = '' } = error
    const body = gathered([error.data, parsed(responseBody) ?? responseBody])
    const status = statusCode === undefined || statusCode < 300 ? body.status : statusCode
    return { ...body, status, headers, hasResponse: statusCode !== undefined }
  }
  if (error instanceof Error) {
    const hasResponse = UNREADABLE.test(error.name)
    return { ...gathered([]), headers: undefined, hasResponse }
  }
  // Anything that is not an Error was sent by the provider in its stream.
  return { ...gathered([error]), headers: undefined, hasResponse: true }
}

type Gathered = Omit<ErrorFacts, 'headers' | 'hasResponse'>

/**
 * Proxies embed the original error in their own: as a member, as JSON in a string, as a list. All
 * of it is searched.
 */
function gathered(values: unknown[]): Gathered {
  const types: string[] = []
  const texts: string[] = []
  let status: number | undefined
  let retryAfterMs: number | undefined

  function look(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) return
    if (typeof value === 'string') {
      const inner = value.length > MAX_BODY ? undefined : parsed(value)
      if (isRecord(inner)) look(inner, depth + 1)
      else texts.push(shorten(value, LOOKED_AT))
      return
    }
    if (Array.isArray(value)) {
      for (const item of value.slice(0, 20)) look(item, depth + 1)
      return
    }
    if (!isRecord(value)) return
    for (const name of [
      'type',
      '__type',
      'code',
      'status',
      'statusCode',
      'status_code',
      'reason',
    ]) {
      const word = value[name]
      const number = Number(word)
      if (Number.isInteger(number) && number >= 400 && number < 600) status ??= number
      if (typeof word === 'string') types.push(word)
      // Some providers use numeric codes of their own.
      else if (typeof word === 'number') types.push(String(word))
    }
    const {
      n_prompt_tokens: sent,
      n_ctx: limit,
      retryDelay,
      quotaId,
      resets_in_seconds: resets,
    } = value
    if (typeof sent === 'number' && typeof limit === 'number') {
      texts.unshift(`request (${sent} tokens) exceeds the available context size (${limit}`)
    }
    if (typeof quotaId === 'string') texts.push(quotaId)
    if (typeof resets === 'number') retryAfterMs ??= resets * 1_000
    if (typeof retryDelay === 'string') retryAfterMs ??= Number.parseFloat(retryDelay) * 1_000
    const inside = [
      'message',
      'error',
      'detail',
      'details',
      'errors',
      'data',
      'metadata',
      'raw',
      'msg',
      'violations',
      'error_msg',
      'errorMessage',
      'response',
      'base_resp',
      'status_msg',
    ]
    for (const name of inside) if (value[name] !== value) look(value[name], depth + 1)
  }

  for (const value of values) look(value, 0)
  const said = shorten([...new Set(texts)].join('\n'), 4 * LOOKED_AT)
  retryAfterMs ??= askedToWait(said)
  return {
    status,
    types,
    said,
    retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : undefined,
  }
}

/** "Please retry in 11.67s", "try again in 6m0s", "retry after 26 seconds". */
const WAIT =
  /(?:retry|try again) (?:in|after) (?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?) ?(ms|s))?/i

function askedToWait(said: string): number | undefined {
  const [, hours, minutes, seconds, unit] = WAIT.exec(said) ?? []
  if (hours === undefined && minutes === undefined && seconds === undefined) return undefined
  const last = Number(seconds ?? 0) * (unit?.toLowerCase() === 'ms' ? 1 : 1_000)
  return Math.ceil(Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000 + last)
}

function parsed(text: string): unknown {
  if (text.length > MAX_BODY || !/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
