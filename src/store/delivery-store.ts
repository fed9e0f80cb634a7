import type { Delivery } from '../core/contract/delivery.ts'
import type { DeliveryStore, OutgoingEvent } from '../core/deliver/webhooks.ts'
import { type RedisClient, whileAvailable } from './connect-redis.ts'
import { type KeySpace, planKey, shardKey } from './keys.ts'

export function redisDeliveryStore(options: {
  redis: RedisClient
  space: KeySpace
}): DeliveryStore {
  const { redis, space } = options
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
        // A plan that was deleted meanwhile leaves no keys behind.
        if ((await redis.exists(planKey(space, planId))) === 0) return false
        const json = JSON.stringify(delivery)
        if (delivery.attempts.length === 0) await redis.hsetnx(keyOf(planId), delivery.id, json)
        else await redis.hset(keyOf(planId), delivery.id, json)
        return true
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
