/**
 * One problem with a request. `pointer` is a JSON Pointer (`/tasks/0/id`), `?name` or
 * `header:name`.
 */
export interface FieldError {
  pointer: string
  detail: string
}

/** A problem document (RFC 9457), the service's format for errors. */
export interface Problem {
  type?: string
  title?: string
  status?: number
  code?: string
  detail?: string
  /** The id of the request, for searching the service's log. */
  instance?: string
  errors?: FieldError[]
  /** For a 503: false if nothing of the request was started. Absent if that is unknown. */
  begun?: boolean
  [member: string]: unknown
}

/**
 * A failed call. Switch on `code`: one of the service's codes (`plan-not-found`,
 * `overlapping-tasks` …), or one of the client's: `network-error` (nothing answered), `timeout`,
 * `bad-response` (something other than this service answered), `invalid-webhook`.
 */
export class TuttiError extends Error {
  override readonly name = 'TuttiError'
  readonly code: string
  /** The HTTP status; absent if there was no answer. */
  readonly status: number | undefined
  /** What is wrong with the request, field by field. */
  readonly errors: FieldError[]
  /** The whole problem document, with members such as the overlaps of `overlapping-tasks`. */
  readonly problem: Problem | undefined
  /** How long the service asked to wait before the same call. */
  readonly retryAfterMs: number | undefined
  /** How often the call was made, including this time. */
  readonly tries: number

  constructor(
    code: string,
    message: string,
    options: {
      status?: number
      problem?: Problem
      retryAfterMs?: number | undefined
      tries?: number
      cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
    this.problem = options.problem
    this.errors = options.problem?.errors ?? []
    this.retryAfterMs = options.retryAfterMs
    this.tries = options.tries ?? 1
  }
}

/**
 * Whether a repeated call failed only because an earlier try, whose answer was lost, had succeeded.
 */
export function isDoneBefore(error: unknown, code: string): boolean {
  return error instanceof TuttiError && error.code === code && error.tries > 1
}

/** The error for an answer outside 2xx. Reads the body to its end. */
export async function errorOf(response: Response, tries: number): Promise<TuttiError> {
  const text = await response.text()
  const problem = problemOf(text)
  const retryAfterMs = retryAfterOf(response.headers.get('retry-after'))
  const options = { status: response.status, retryAfterMs, tries }
  if (problem === undefined) {
    return new TuttiError(
      `http-${response.status}`,
      `the service answered ${response.status}`,
      options,
    )
  }
  const code = codeOf(problem) ?? `http-${response.status}`
  const message = problem.detail ?? problem.title ?? `the service answered ${response.status}`
  return new TuttiError(code, message, { ...options, problem })
}

function problemOf(text: string): Problem | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const problem: Problem = { ...body }
  const errors: unknown = problem.errors
  // Something between here and the service may answer with JSON of its own.
  if (errors !== undefined && !(Array.isArray(errors) && errors.every(isFieldError))) {
    const { errors: _, ...rest } = problem
    return rest
  }
  return problem
}

function isFieldError(value: unknown): value is FieldError {
  return typeof value === 'object' && value !== null && 'pointer' in value && 'detail' in value
}

/** From the type, `/problems/plan-not-found`, if it is not a separate member. */
function codeOf(problem: Problem): string | undefined {
  if (typeof problem.code === 'string') return problem.code
  const [, code] = /\/problems\/([a-z0-9-]+)$/.exec(problem.type ?? '') ?? []
  return code
}

/** `Retry-After` holds seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}
