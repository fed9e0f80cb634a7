import { ALIVE_MS, type WorkerRegistry, type WorkerView } from '../core/contract/workers.ts'
import { type RedisClient, whileAvailable } from './connect-redis.ts'
import { type KeySpace, shardKey } from './keys.ts'

export function redisWorkerRegistry(options: {
  redis: RedisClient
  space: KeySpace
}): WorkerRegistry {
  const { redis } = options
  // Workers serve all shards; the first is as good a place as any.
  const key = `${shardKey(options.space, 0)}:workers`
  return {
    announce: (worker) =>
      whileAvailable(async () => {
        await redis.hset(key, worker.id, JSON.stringify(worker))
      }),
    leave: (workerId) =>
      whileAvailable(async () => {
        await redis.hdel(key, workerId)
      }),
    alive: () =>
      whileAvailable(async () => {
        const all = (await redis.hvals(key)).map((raw) => JSON.parse(raw) as WorkerView)
        const since = Date.now() - ALIVE_MS
        const dead = all.filter((worker) => Date.parse(worker.lastSeenAt) < since)
        if (dead.length > 0) await redis.hdel(key, ...dead.map((worker) => worker.id))
        return all
          .filter((worker) => Date.parse(worker.lastSeenAt) >= since)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
      }),
  }
}
