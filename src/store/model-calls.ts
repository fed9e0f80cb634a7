import { randomUUID } from 'node:crypto'
import type { ProviderView } from '../core/contract/workers.ts'
import { callsAtOnce, newRateState, type RateState } from '../core/model-gate/rate-control.ts'
import { type KeySpace, shardKey } from './keys.ts'
import { redisClock } from './redis/clock.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import { readScript } from './scripts.ts'

/** What all processes know about the calls of one model. Times are in ms by Redis's clock. */
export interface ModelCalls {
  rate: RateState
  /** When it last changed. */
  at: number
  /** Calls by process id. Those of a dead process count until its lease expires. */
  processes: Record<string, { running: number; waits: boolean; until: number }>
}

/** What was read, and the version that shows whether it has changed since. */
export interface ReadCalls {
  version: string
  calls: ModelCalls
}

export interface ModelCallStore {
  read(key: string): Promise<{ now: number; read: ReadCalls }>
  /** Writes only if nobody else has written since; returns the stored value either way. */
  change(
    key: string,
    seen: ReadCalls,
    calls: ModelCalls,
  ): Promise<{ now: number; done: boolean; read: ReadCalls }>
}

const KEPT_MS = 3_600_000
/** Not a valid version. */
const JUST_READ = 'read'
const SCRIPT = readScript('change-model-calls')

type Answer = [done: 0 | 1, now: number, version?: string, calls?: string]

/** Commands on `redis` must wait while it is down. */
export function redisModelCallStore(options: {
  redis: RedisClient
  space: KeySpace
}): ModelCallStore {
  const { redis, space } = options
  redis.defineCommand('tutti:change-model-calls', { numberOfKeys: 2, lua: SCRIPT })
  const commands = redis as unknown as Record<string, (...args: string[]) => Promise<Answer>>
  const script = commands['tutti:change-model-calls']
  if (script === undefined) throw new Error('the script was not registered')
  const run = (key: string, seen: string, version: string, calls: string) =>
    script.call(
      redis,
      callsKey(space, key),
      indexKey(space),
      seen,
      version,
      calls,
      key,
      `${KEPT_MS}`,
    )
  return {
    async read(key) {
      const [, now, version = '', calls = ''] = await run(key, JUST_READ, '', '')
      return { now, read: parsed(now, version, calls) }
    },
    async change(key, seen, calls) {
      const version = randomUUID()
      const answer = await run(key, seen.version, version, JSON.stringify(calls))
      const [done, now, otherVersion = '', otherCalls = ''] = answer
      return done === 1
        ? { now, done: true, read: { version, calls } }
        : { now, done: false, read: parsed(now, otherVersion, otherCalls) }
    },
  }
}

/** The models called within the last hour, and what holds back their calls. */
export function readProviders(options: {
  redis: RedisClient
  space: KeySpace
}): () => Promise<ProviderView[]> {
  const { redis, space } = options
  return () =>
    whileAvailable(async () => {
      const now = await redisClock(redis)()
      await redis.zremrangebyscore(indexKey(space), 0, `${now - KEPT_MS}`)
      const views: ProviderView[] = []
      for (const key of await redis.zrange(indexKey(space), 0, '-1')) {
        const raw = await redis.hget(callsKey(space, key), 'calls')
        if (raw === null) continue
        const { rate } = JSON.parse(raw) as ModelCalls
        const heldUntil = rate.holdUntil > now ? new Date(rate.holdUntil).toISOString() : null
        views.push({ key, heldUntil, concurrency: callsAtOnce(rate, now) })
      }
      return views.sort((a, b) => (a.key < b.key ? -1 : 1))
    })
}

function parsed(now: number, version: string, raw: string): ReadCalls {
  const calls =
    raw === ''
      ? { rate: newRateState(now), at: now, processes: {} }
      : (JSON.parse(raw) as ModelCalls)
  return { version, calls }
}

// Models are shared by the plans of all shards; the first shard is as good as any.
function callsKey(space: KeySpace, key: string): string {
  return `${shardKey(space, 0)}:model-rate:${key}`
}

function indexKey(space: KeySpace): string {
  return `${shardKey(space, 0)}:models`
}
