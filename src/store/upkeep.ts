import type { Upkeep } from '../core/ports/upkeep.ts'
import { type RedisClient, whileAvailable } from './connect-redis.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import { readAcrossShards } from './read-across-shards.ts'

export function redisUpkeep(options: { redis: RedisClient; space: KeySpace }): Upkeep {
  const { redis, space } = options
  const shards = Array.from({ length: space.shards }, (_, shard) => shardKey(space, shard))
  return {
    due: (now) =>
      whileAvailable(async () => {
        const overdue: string[] = []
        const expired: string[] = []
        const active: string[] = []
        for (const shard of shards) {
          overdue.push(
            ...(await redis.zrangebyscore(`${shard}:deadlines`, '-inf', `${now}`, 'LIMIT', 0, 100)),
          )
          expired.push(
            ...(await redis.zrangebyscore(`${shard}:expiry`, '-inf', `${now}`, 'LIMIT', 0, 100)),
          )
          active.push(...(await redis.zrange(`${shard}:active`, '0', '-1')))
        }
        return { overdue, expired, active }
      }),
    unsealed: (planIds, olderThanMs) =>
      whileAvailable(async () => {
        const replies = await readAcrossShards(redis, planIds, (pipeline, planId) =>
          pipeline.hmget(planKey(space, planId), 'createdAt', 'enqueued'),
        )
        const [seconds] = await redis.time()
        const before = Number(seconds) * 1_000 - olderThanMs
        return planIds.filter((_, index) => {
          const [createdAt, enqueued] = (replies[index]?.[0] ?? []) as (string | null)[]
          return createdAt != null && enqueued === null && Number(createdAt) <= before
        })
      }),
    withReleased: (planIds) =>
      whileAvailable(async () => {
        const replies = await readAcrossShards(redis, planIds, (pipeline, planId) =>
          pipeline.exists(`${planKey(space, planId)}:released`),
        )
        return planIds.filter((_, index) => replies[index]?.[0] === 1)
      }),
    forget: (planId) =>
      whileAvailable(async () => {
        const shard = shardKey(space, shardOf(planId))
        for (const list of ['active', 'deadlines', 'expiry']) {
          await redis.zrem(`${shard}:${list}`, planId)
        }
      }),
    resetRounds: () =>
      whileAvailable(async () => {
        for (const shard of shards) await redis.del(`${shard}:round`)
      }),
  }
}
