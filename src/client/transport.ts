import { errorOf, TuttiError } from './error.ts'

export interface ClientOptions {
  /** The service's URL, including a path prefix if it has one. Default: `http://127.0.0.1:3000`. */
  baseUrl?: string | undefined
  /** Sent as `Authorization: Bearer …`. */
  apiKey?: string | undefined
  /** Defaults to the platform's own. */
  fetch?: typeof fetch | undefined
  /** How often a repeatable call is retried. Default: 8, which takes about half a minute. */
  retries?: number | undefined
  /**
   * Timeout of one try, not counting the time that a call asks the service to wait. Default:
   * 30,000.
   */
  timeoutMs?: number | undefined
  /** Sent with every request, for example a `traceparent`. */
  headers?: Record<string, string> | undefined
}

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call and its retries, which then throws the signal's reason. */
  signal?: AbortSignal | undefined
  /** Overrides the client's `timeoutMs`. */
  timeoutMs?: number | undefined
}

export interface Request {
  method: 'GET' | 'POST' | 'DELETE'
  /** From `/v1` on, with its parts already encoded. */
  path: string
  query?: Record<string, string | number | boolean | undefined>
  headers?: Record<string, string>
  body?: unknown
  /** False for a call that would do its work again if repeated. */
  repeatable: boolean
  /** How long the service was asked to wait before it answers. */
  waitMs?: number
  options: CallOptions | undefined
}

/** Sends requests to the service. */
export interface Transport {
  /** The parsed answer; `undefined` if it has no body. @throws {TuttiError} */
  json<T>(request: Request): Promise<{ status: number; body: T }>
  /**
   * An answer whose body is still to come: timeout and retries only apply to its start. @throws
   * {TuttiError}
   */
  stream(request: Request): Promise<Response>
}

const DEFAULT_RETRIES = 8
const DEFAULT_TIMEOUT_MS = 30_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 8_000
/** If the service asks for a longer pause, the caller decides. */
const LONGEST_RETRY_AFTER_MS = 60_000
/** The request never reached the service, so repeating it is always safe. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

export function httpTransport(client: ClientOptions): Transport {
  const base = baseOf(client.baseUrl ?? 'http://127.0.0.1:3000')
  // Browsers require `window` as the receiver of their fetch.
  const send: typeof fetch = client.fetch ?? ((...args) => globalThis.fetch(...args))
  const retries = client.retries ?? DEFAULT_RETRIES

  async function attempt<T>(
    request: Request,
    tries: number,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const { signal, timeoutMs = client.timeoutMs ?? DEFAULT_TIMEOUT_MS } = request.options ?? {}
    signal?.throwIfAborted()
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), timeoutMs + (request.waitMs ?? 0))
    try {
      const response = await send(`${base}${request.path}${queryOf(request.query)}`, {
        method: request.method,
        headers: headersOf(client, request),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal: signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
      })
      if (!response.ok) throw await errorOf(response, tries)
      return await read(response)
    } catch (error) {
      if (error instanceof TuttiError) throw error
      if (signal?.aborted === true) throw signal.reason
      if (limit.signal.aborted) {
        throw new TuttiError('timeout', `no answer from ${base} in ${timeoutMs} ms`, { tries })
      }
      throw new TuttiError('network-error', `cannot reach ${base}: ${reasonOf(error)}`, {
        tries,
        cause: error,
      })
    } finally {
      clearTimeout(timer)
    }
  }

  async function repeat<T>(request: Request, read: (response: Response) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(request, tries, read)
      } catch (error) {
        if (!(error instanceof TuttiError)) throw error
        if (tries > retries || !mayRepeat(request, error)) throw error
        await pause(error.retryAfterMs ?? backoffMs(tries), request.options?.signal)
      }
    }
  }

  return {
    json: (request) =>
      repeat(request, async (response) => ({
        status: response.status,
        body: parse(await response.text(), base),
      })),
    stream: (request) => repeat(request, async (response) => response),
  }
}

function headersOf(client: ClientOptions, request: Request): Record<string, string> {
  return {
    accept: 'application/json',
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(client.apiKey === undefined ? {} : { authorization: `Bearer ${client.apiKey}` }),
    ...client.headers,
    ...request.headers,
  }
}

function queryOf(query: Request['query']): string {
  const given = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

function parse<T>(text: string, base: string): T {
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch (cause) {
    throw new TuttiError('bad-response', `what answers at ${base} does not speak JSON`, { cause })
  }
}

function mayRepeat(request: Request, error: TuttiError): boolean {
  if ((error.retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) return false
  // Waiting does not free a quota, unless the service says when.
  if (error.code === 'quota-exceeded' && error.retryAfterMs === undefined) return false
  switch (error.status) {
    // A rate-limited request was not processed.
    case 429:
      return true
    // The store stopped answering, possibly in the middle of the work.
    case 503:
      return request.repeatable || error.problem?.begun === false
    // An intermediary gave up on the service, which may have done the work.
    case 502:
    case 504:
      return request.repeatable
    case undefined:
      if (error.code === 'bad-response') return false
      return request.repeatable || NOT_CONNECTED.has(causeCodeOf(error.cause))
    default:
      return false
  }
}

/** Doubles with every try; half of it is random, so that many callers do not come back at once. */
function backoffMs(tries: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS)
  return full / 2 + (Math.random() * full) / 2
}

/** @throws The signal's reason, as soon as it aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/**
 * Node's fetch only says `fetch failed`; the reason is in the cause, or in the parts of an
 * AggregateError.
 */
function causeOf(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause
  return causeOf(inner) ?? error
}

function causeCodeOf(error: unknown): string {
  const cause = causeOf(error)
  return cause !== undefined && 'code' in cause ? String(cause.code) : ''
}

function reasonOf(error: unknown): string {
  return causeOf(error)?.message ?? String(error)
}

/** @throws {TypeError} It is not a URL: better here than as an unreachable service in each call. */
function baseOf(baseUrl: string): string {
  // A page may name its own site by a path.
  const isPath = 'location' in globalThis && /^(?:\/(?!\/)|$)/.test(baseUrl)
  if (!isPath && !(URL.canParse(baseUrl) && /^https?:\/\//.test(baseUrl))) {
    throw new TypeError(`baseUrl must be like http://host:port, not ${JSON.stringify(baseUrl)}`)
  }
  return baseUrl.replace(/(?<!\/)\/+$/, '')
}
