import {
  ALIVE_MS,
  type Announcement,
  type WorkerRegistry,
  type WorkerView,
} from '../core/contract/workers.ts'
import { type KeySpace, shardKey } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import { readScript } from './scripts.ts'

const ANNOUNCE = readScript('announce-worker')

export function redisWorkerRegistry(options: {
  redis: RedisClient
  space: KeySpace
}): WorkerRegistry {
  const { redis } = options
  // Workers serve all shards; the first shard is as good as any.
  const key = `${shardKey(options.space, 0)}:workers`
  return {
    announce: (worker) =>
      whileAvailable(async () => {
        await redis.eval(ANNOUNCE, 1, key, worker.id, JSON.stringify(worker))
      }),
    leave: (workerId) =>
      whileAvailable(async () => {
        await redis.hdel(key, workerId)
      }),
    alive: () =>
      whileAvailable(async () => {
        const [[seconds], entries] = await Promise.all([redis.time(), redis.hvals(key)])
        const since = Number(seconds) * 1_000 - ALIVE_MS
        const all = entries.map(workerView)
        const dead = all.filter(({ lastSeenAt }) => Date.parse(lastSeenAt) < since)
        if (dead.length > 0) await redis.hdel(key, ...dead.map(({ id }) => id))
        return all.filter((worker) => !dead.includes(worker)).sort((a, b) => (a.id < b.id ? -1 : 1))
      }),
  }
}

function workerView(entry: string): WorkerView {
  const { since, seen, json } =
    /^(?<since>\d+) (?<seen>\d+) (?<json>.*)$/s.exec(entry)?.groups ?? {}
  return {
    ...(JSON.parse(json ?? '{}') as Announcement),
    startedAt: new Date(Number(since)).toISOString(),
    lastSeenAt: new Date(Number(seen)).toISOString(),
  }
}
