/**
 * What is logged of an error: never its other members, which can contain a Redis command with its
 * data.
 */
export interface LoggedError {
  type: string
  message: string
  code?: unknown
  stack: string
  cause?: LoggedError
}

const MAX_CAUSES = 5

export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: 'a value that is not an error was thrown', stack: '' }
  }
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack ?? '',
    ...(error.cause === undefined || depth === MAX_CAUSES
      ? {}
      : { cause: loggedError(error.cause, depth + 1) }),
  }
}

/** For every logger of the service: `pino({ serializers: LOG_SERIALIZERS })`. */
export const LOG_SERIALIZERS = { err: (error: unknown) => loggedError(error) }
