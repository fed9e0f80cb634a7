import type { Logger } from 'pino'
import { deliver, dispatch, type ForgetDeliveries } from '../core/deliver/webhooks.ts'
import type { Tracer } from '../core/ports/tracing.ts'
import { bullDeliveryQueue, startDeliveryWorkers } from '../queue/delivery-queue.ts'
import type { RedisClient } from '../store/connect-redis.ts'
import { tracedPost } from '../tracing/traced-post.ts'
import { webhookPost } from '../webhooks/post-webhook.ts'
import type { Config } from './config.ts'
import { every } from './every.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Stores } from './open-stores.ts'

const DISPATCH_MS = 250
/** Many, because receivers that do not answer must not hold up the others. */
const DELIVERIES_AT_ONCE = 200

/** Takes deliveries of a plan that goes out of their queue. */
export function openForgetDeliveries(options: {
  redis: RedisClient
  stores: Stores
  lifecycle: Lifecycle
}): ForgetDeliveries {
  const { redis, stores, lifecycle } = options
  const queue = bullDeliveryQueue({ connection: redis, shards: stores.shards })
  lifecycle.onClose('delivery queue of deletions', () => queue.close())
  return (planId, ids) => queue.remove(stores.shards.shardOf(planId), ids)
}

/** Webhooks: from the outbox into a queue of their own, and from there to their receivers. */
export function openDeliveries(options: {
  config: Config
  redis: RedisClient
  stores: Stores
  tracer: Tracer
  lifecycle: Lifecycle
  log: Logger
}): void {
  const { config, redis, stores, lifecycle, log } = options
  const { TUTTI_WEBHOOK_SECRET: secrets, TUTTI_WEBHOOK_ALLOW: allowedRanges } = config
  if (secrets === undefined) return
  const queue = bullDeliveryQueue({ connection: redis, shards: stores.shards })
  lifecycle.onClose('delivery queue', () => queue.close())
  const post = tracedPost(options.tracer, webhookPost({ secrets, allowedRanges }))
  const deps = { ...stores, post, now: () => new Date() }
  const workers = startDeliveryWorkers({
    connection: redis,
    shards: stores.shards,
    concurrency: DELIVERIES_AT_ONCE,
    deliver: (event) => deliver(deps, event),
    onError: (err) => log.warn({ err }, 'delivery fault'),
  })
  lifecycle.onClose('delivery workers', () => workers.close())
  const enqueue = queue.add
  const stop = every(DISPATCH_MS, () => dispatch({ deliveries: stores.deliveries, enqueue }), log)
  lifecycle.onClose('dispatch', stop)
}
