import type { ChainableCommander } from 'ioredis'
import { shardOf } from '../keys.ts'
import type { RedisClient } from './connect-redis.ts'
import { repliesOf } from './replies-of.ts'

/**
 * Reads the same fields of many plans, in one round trip per shard, because a pipeline may only go
 * to one node. Returns the replies for each plan, in the order of `planIds`.
 *
 * @throws the first error among the replies.
 */
export async function readAcrossShards(
  redis: RedisClient,
  planIds: readonly string[],
  read: (pipeline: ChainableCommander, planId: string) => void,
): Promise<unknown[][]> {
  const shards = new Map<number, string[]>()
  for (const planId of planIds) {
    const shard = shardOf(planId)
    const group = shards.get(shard)
    if (group === undefined) shards.set(shard, [planId])
    else group.push(planId)
  }
  const found = new Map<string, unknown[]>()
  await Promise.all(
    [...shards.values()].map(async (group) => {
      const pipeline = redis.pipeline()
      for (const planId of group) read(pipeline, planId)
      const replies = repliesOf(await pipeline.exec())
      const each = replies.length / group.length
      group.forEach((planId, index) => {
        found.set(planId, replies.slice(index * each, (index + 1) * each))
      })
    }),
  )
  return planIds.map((planId) => found.get(planId) ?? [])
}
