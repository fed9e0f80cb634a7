import { ServiceError } from '../../core/contract/errors.ts'

/** The connection is broken, or cannot be made. */
const NO_CONNECTION =
  /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|Connection is closed|Stream isn't writeable|Command timed out|max retries per request|All sentinels|Cluster isn't ready|Cluster is ended|Cluster redirections|slots cache|startup nodes/i

const UNREACHABLE = 'The store cannot be reached at the moment.'

/**
 * Error replies (by their first word) that mean that Redis cannot be used for now, and what callers
 * are told.
 */
const AWAY_REPLIES: Record<string, string> = {
  BUSY: 'The store is busy.',
  CLUSTERDOWN: UNREACHABLE,
  LOADING: 'The store is starting.',
  MASTERDOWN: UNREACHABLE,
  MISCONF: 'The store is full.',
  NOREPLICAS: 'The store has too few replicas to accept writes.',
  // Loading a script was rejected, or it was lost in a restart: the next call loads it.
  NOSCRIPT: UNREACHABLE,
  OOM: 'The store is full.',
  READONLY: UNREACHABLE,
  TRYAGAIN: UNREACHABLE,
  UNBLOCKED: UNREACHABLE,
}

const FULL = new Set(['MISCONF', 'OOM'])

// At the beginning, or after a prefix added by a transaction, a script or a library.
const AWAY_REPLY = new RegExp(`(?:^|[\\s:-])(${Object.keys(AWAY_REPLIES).join('|')}) `)

/** The error, and those of the commands that made Redis reject a whole transaction. */
function causesOf(error: Error): Error[] {
  const previous = 'previousErrors' in error ? error.previousErrors : undefined
  const isRefused = error.message.startsWith('EXECABORT') && Array.isArray(previous)
  return [error, ...(isRefused ? previous.filter((each) => each instanceof Error) : [])]
}

function repliesOf(error: Error): string[] {
  return causesOf(error).flatMap(({ message }) => AWAY_REPLY.exec(message)?.[1] ?? [])
}

function awayMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const [code] = repliesOf(error)
  if (code !== undefined) return AWAY_REPLIES[code]
  const isAway = causesOf(error).some(
    ({ name, message }) => name === 'MaxRetriesPerRequestError' || NO_CONNECTION.test(message),
  )
  return isAway ? UNREACHABLE : undefined
}

/** Whether Redis rejected a command because its memory or its disk is full. */
export function isRedisFull(error: unknown): boolean {
  return error instanceof Error && repliesOf(error).some((code) => FULL.has(code))
}

/** Whether an error means that Redis cannot be used now, as opposed to a bug of ours. */
export function isRedisAway(error: unknown): boolean {
  return awayMessage(error) !== undefined
}

/**
 * Runs a store operation. Errors that mean that Redis is down become `unavailable`; others are
 * rethrown.
 */
export async function whileAvailable<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    const message = awayMessage(error)
    if (message === undefined) throw error
    throw new ServiceError('unavailable', message, { retryAfterSeconds: 1, cause: error })
  }
}
