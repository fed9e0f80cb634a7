import type { Delivery } from '../core/contract/delivery.ts'
import type { DeliveryStore, OutgoingEvent } from '../core/deliver/webhooks.ts'
import { type RedisClient, whileAvailable } from './connect-redis.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RunScript } from './scripts.ts'

export function redisDeliveryStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): DeliveryStore {
  const { redis, run, space } = options
  const keyOf = (planId: string) => `${planKey(space, planId)}:deliveries`
  return {
    outbox: (count) =>
      whileAvailable(async () => {
        const found: { shard: number; events: OutgoingEvent[] }[] = []
        for (let shard = 0; shard < space.shards; shard += 1) {
          const raw = await redis.zrange(`${shardKey(space, shard)}:outbox`, '0', `${count - 1}`)
          const events = raw.map((text) => JSON.parse(text) as OutgoingEvent)
          if (events.length > 0) found.push({ shard, events })
        }
        return found
      }),
    taken: (shard, events) =>
      whileAvailable(async () => {
        const members = events.map((event) => JSON.stringify(event))
        await redis.zrem(`${shardKey(space, shard)}:outbox`, ...members)
      }),
    save: (planId, delivery) =>
      whileAvailable(async () => {
        const isKept = await run(
          'save-delivery',
          planKey(space, planId),
          shardKey(space, shardOf(planId)),
          delivery.id,
          JSON.stringify(delivery),
          delivery.attempts.length === 0 ? 1 : 0,
        )
        return isKept === 1
      }),
    get: (planId, deliveryId) =>
      whileAvailable(async () => {
        const raw = await redis.hget(keyOf(planId), deliveryId)
        return raw === null ? undefined : (JSON.parse(raw) as Delivery)
      }),
    all: (planId) =>
      whileAvailable(async () => {
        const found = await redis.hvals(keyOf(planId))
        return found
          .map((raw) => JSON.parse(raw) as Delivery)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
      }),
  }
}
