import type { Delivery } from '../core/contract/delivery.ts'
import type { DeliveryStore, OutgoingEvent } from '../core/deliver/webhooks.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import { type RunScript, readScript } from './scripts.ts'

export function redisDeliveryStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): DeliveryStore {
  const { redis, run, space } = options
  const keyOf = (planId: string) => `${planKey(space, planId)}:deliveries`
  redis.defineCommand('tutti:claim-deliveries', {
    numberOfKeys: 1,
    lua: readScript('claim-deliveries'),
  })
  const commands = redis as unknown as Record<
    string,
    (...args: (string | number)[]) => Promise<string[]>
  >
  const script = commands['tutti:claim-deliveries']
  if (script === undefined) throw new Error('the script was not registered')
  const claim = script.bind(redis)

  const keep = (delivery: Delivery, planId: string, what: string, dueInMs = 0) =>
    whileAvailable(async () => {
      const shard = shardKey(space, shardOf(planId))
      const { id } = delivery
      const json = JSON.stringify(delivery)
      return (
        (await run('keep-delivery', planKey(space, planId), shard, id, json, what, dueInMs)) === 1
      )
    })

  return {
    claim: (count, leaseMs) =>
      whileAvailable(async () => {
        const found: { shard: number; events: OutgoingEvent[] }[] = []
        for (let shard = 0; shard < space.shards; shard += 1) {
          const key = shardKey(space, shard)
          const raw = await claim(`${key}:outbox`, key, count, leaseMs)
          const events = raw.map((text) => JSON.parse(text) as OutgoingEvent)
          if (events.length > 0) found.push({ shard, events })
        }
        return found
      }),
    begin: (planId, delivery) => keep(delivery, planId, 'new'),
    settle: async (planId, delivery, dueInMs) => {
      await keep(delivery, planId, dueInMs === undefined ? 'over' : 'again', dueInMs)
    },
    forget: (planId, ids) =>
      whileAvailable(async () => {
        if (ids.length === 0) return
        const shard = shardKey(space, shardOf(planId))
        await redis.zrem(`${shard}:outbox`, ...ids)
        await redis.hdel(`${shard}:outgoing`, ...ids)
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
