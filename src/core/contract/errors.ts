/** Part of the public API: clients switch on it. Add codes; never rename one. */
export type ErrorCode =
  | 'invalid-request'
  | 'unauthorized'
  | 'forbidden'
  | 'plan-not-found'
  | 'task-not-found'
  | 'step-not-found'
  | 'synthesis-not-found'
  | 'synthesis-disabled'
  | 'synthesis-not-ready'
  | 'payload-too-large'
  | 'idempotency-key-reused'
  | 'overlapping-tasks'
  | 'budget-exceeded'
  | 'plan-not-finished'
  | 'plan-finished'
  | 'plan-stopped'
  | 'task-not-finished'
  | 'task-finished'
  | 'messages-not-read'
  | 'too-many-messages'
  | 'rate-limited'
  | 'quota-exceeded'
  | 'goal-not-planned'
  | 'unavailable'

/**
 * One problem with a request. `pointer` is a JSON Pointer (RFC 6901) into the body, or `?name` for
 * a query parameter.
 */
export interface FieldError {
  pointer: string
  detail: string
}

/**
 * An error that callers see. They see the message too, so it never contains a prompt, an output, a
 * secret or a connection string.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly code: ErrorCode
  readonly errors: FieldError[]
  /** Further members of the problem document, such as the overlap matrix. */
  readonly extensions: Record<string, unknown>
  /** Seconds after which the same request may succeed; becomes `Retry-After`. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      errors?: FieldError[]
      extensions?: Record<string, unknown>
      retryAfterSeconds?: number
      cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.errors = options.errors ?? []
    this.extensions = options.extensions ?? {}
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  /** The same error, saying that nothing was started. Only `unavailable` leaves that open. */
  withNothingBegun(): ServiceError {
    if (this.code !== 'unavailable') return this
    const { code, message, errors, retryAfterSeconds, cause } = this
    const extensions = { ...this.extensions, begun: false }
    const options = { errors, extensions, cause }
    return new ServiceError(
      code,
      message,
      retryAfterSeconds === undefined ? options : { ...options, retryAfterSeconds },
    )
  }
}

/**
 * Whether the store or another dependency is temporarily unavailable, so that the call may succeed
 * soon.
 */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'unavailable'
}

/**
 * Wraps what a call does before it changes anything. If the store is unavailable then, the answer
 * says that nothing was started, so the call can safely be repeated.
 */
export async function nothingBegun<T>(before: Promise<T>): Promise<T> {
  try {
    return await before
  } catch (error) {
    throw error instanceof ServiceError ? error.withNothingBegun() : error
  }
}

/** Why a task or synthesis did not succeed, as callers see it. */
export interface Failure {
  /** kebab-case, stable: `timeout`, `worker-lost`, `provider-error`, `dependency-failed` … */
  code: string
  message: string
}

/**
 * An executor's error after which the same call may succeed later, so the task is retried. Any
 * other error of an executor is final.
 */
export class TransientError extends Error {
  override readonly name = 'TransientError'
  readonly code: string
  /** The earliest time for another attempt, if the other side named one. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    options: { code?: string; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code ?? 'transient'
    this.retryAfterMs = options.retryAfterMs
  }
}

/** An executor's final error with a stable code; its message is shown to callers. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
  readonly code: string

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
  }
}
