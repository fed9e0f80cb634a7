import { Redis, type RedisOptions } from 'ioredis'
import { ServiceError } from '../core/errors.ts'

/**
 * Connects a process that answers callers: commands fail at once while Redis is away, so that a
 * caller gets a 503 instead of a request that hangs. Resolves once connected, because BullMQ waits
 * without limit for a connection that was never up.
 */
export async function connectForCallers(
  url: string,
  onError: (error: Error) => void,
): Promise<Redis> {
  const redis = newRedis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 2_000,
    commandTimeout: 10_000,
  })
  redis.on('error', onError)
  await redis.connect()
  return redis
}

/** Connects a process that works for as long as it takes: commands wait until Redis is back. */
export async function connectForWork(url: string, onError: (error: Error) => void): Promise<Redis> {
  const redis = newRedis(url, { maxRetriesPerRequest: null })
  redis.on('error', onError)
  await redis.connect()
  return redis
}

function newRedis(url: string, options: RedisOptions): Redis {
  const all: Omit<RedisOptions, 'replyMapping'> = {
    ...addressOf(url),
    lazyConnect: true,
    // Quick at first, because a restart takes seconds, and never more than a second apart.
    retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
    ...options,
  }
  return new Redis(all)
}

/** `redis://`, `rediss://` or `redis+sentinel://host:port,host:port/master-name`. */
export function addressOf(url: string): RedisOptions {
  if (!url.startsWith('redis+sentinel://')) {
    const { hostname, port, username, password, pathname, protocol } = new URL(url)
    const database = pathname.replace(/^\//, '')
    return {
      host: hostname,
      port: port === '' ? 6379 : Number(port),
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(database === '' ? {} : { db: Number(database) }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    }
  }
  const rest = url.slice('redis+sentinel://'.length)
  const [authority = '', name = 'mymaster'] = rest.split('/')
  const at = authority.lastIndexOf('@')
  const [username = '', password = ''] = at < 0 ? [] : authority.slice(0, at).split(':')
  return {
    name,
    sentinels: authority
      .slice(at + 1)
      .split(',')
      .map((entry) => {
        const [host = '', port = '26379'] = entry.split(':')
        return { host, port: Number(port) }
      }),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  }
}

const AWAY =
  /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|Connection is closed|Stream isn't writeable|Command timed out|max retries per request|LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|OOM command|MISCONF|All sentinels/i

/** Whether an error says that Redis cannot be used now, as opposed to a mistake of ours. */
export function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.name === 'MaxRetriesPerRequestError' || AWAY.test(error.message)
}

/** Runs a store operation; Redis being away becomes `unavailable`, everything else stays as it is. */
export async function whileAvailable<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    if (!isRedisAway(error)) throw error
    const full = error instanceof Error && /OOM command/.test(error.message)
    throw new ServiceError(
      'unavailable',
      full ? 'The store is out of memory.' : 'The store cannot be reached at the moment.',
      { retryAfterSeconds: 1, cause: error },
    )
  }
}
