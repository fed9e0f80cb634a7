import { deliver, dispatch, type ForgetDeliveries } from '../../core/deliver/webhooks.ts'
import type { Tracer } from '../../core/ports/tracing.ts'
import { bullDeliveryQueue, startDeliveryWorkers } from '../../queue/delivery-queue.ts'
import type { RedisClient } from '../../store/redis/connect-redis.ts'
import { tracedPost } from '../../tracing/traced-post.ts'
import type { Config } from '../config.ts'
import { every } from '../every.ts'
import type { FaultLog } from '../fault-log.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Stores } from './open-stores.ts'

const DISPATCH_MS = 250
/** Many, because unresponsive receivers must not hold up the others. */
const DELIVERIES_AT_ONCE = 200

/** Removes a deleted plan's deliveries from the outbox and their queue. */
export async function openForgetDeliveries(options: {
  redis: RedisClient
  stores: Stores
  lifecycle: Lifecycle
  faults: FaultLog
}): Promise<ForgetDeliveries> {
  const { redis, stores, lifecycle, faults } = options
  const queue = await bullDeliveryQueue({
    connection: redis,
    shards: stores.shards,
    onError: (err) => faults(err, 'queue cannot be opened'),
  })
  lifecycle.onClose('delivery queue of deletions', () => queue.close())
  return async (planId, ids) => {
    await stores.deliveries.forget(planId, ids)
    await queue.remove(stores.shards.shardOf(planId), ids)
  }
}

/**
 * Webhooks: moves deliveries from the outbox into their own queue, and sends them to their
 * receivers.
 */
export async function openDeliveries(options: {
  config: Config
  redis: RedisClient
  stores: Stores
  tracer: Tracer
  lifecycle: Lifecycle
  faults: FaultLog
}): Promise<void> {
  const { config, redis, stores, lifecycle, faults } = options
  const { TUTTI_WEBHOOK_SECRET: secrets, TUTTI_WEBHOOK_ALLOW: allowedRanges } = config
  if (secrets === undefined) return
  const { webhookPost } = await import('../../webhooks/post-webhook.ts')
  const onError = (err: Error) => faults(err, 'delivery fault')
  const queue = await bullDeliveryQueue({ connection: redis, shards: stores.shards, onError })
  lifecycle.onClose('delivery queue', () => queue.close())
  const post = tracedPost(options.tracer, webhookPost({ secrets, allowedRanges }))
  const deps = { ...stores, post }
  const workers = await startDeliveryWorkers({
    connection: redis,
    shards: stores.shards,
    concurrency: DELIVERIES_AT_ONCE,
    deliver: (event) => deliver(deps, event),
    onError,
  })
  lifecycle.onClose('delivery workers', () => workers.close())
  const enqueue = queue.add
  const stop = every(
    DISPATCH_MS,
    () => dispatch({ deliveries: stores.deliveries, enqueue }),
    faults,
  )
  lifecycle.onClose('dispatch', stop)
}
