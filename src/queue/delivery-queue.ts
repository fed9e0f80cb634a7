import { DelayedError, Queue, Worker } from 'bullmq'
import { deliveryId, type OutgoingEvent } from '../core/deliver/webhooks.ts'
import type { Connection, Shards } from './names.ts'

const NAME = 'webhooks'
const LEASE_MS = 10_000
const STALLED_CHECK_MS = 4_000
/** Redis answers others in between. */
const REMOVED_AT_ONCE = 100

export interface DeliveryQueue {
  /** Enqueues deliveries; one that is there already is left as it is. */
  add(shard: number, events: readonly OutgoingEvent[]): Promise<void>
  /** One that is being attempted is left: it finds its plan gone, and ends. */
  remove(shard: number, deliveryIds: readonly string[]): Promise<void>
  close(): Promise<void>
}

export function bullDeliveryQueue(options: {
  connection: Connection
  shards: Shards
}): DeliveryQueue {
  const queues = Array.from({ length: options.shards.count }, (_, shard) => {
    const prefix = options.shards.prefixOf(shard)
    const queue = new Queue(NAME, { connection: options.connection, prefix })
    queue.on('error', () => undefined)
    return queue
  })
  return {
    async add(shard, events) {
      await queues[shard]?.addBulk(
        events.map((event) => ({
          name: event.type,
          data: event,
          opts: { jobId: deliveryId(event), removeOnComplete: true, removeOnFail: true },
        })),
      )
    },
    async remove(shard, deliveryIds) {
      const queue = queues[shard]
      for (let at = 0; at < deliveryIds.length; at += REMOVED_AT_ONCE) {
        const ids = deliveryIds.slice(at, at + REMOVED_AT_ONCE)
        await Promise.allSettled(ids.map((id) => queue?.remove(id)))
      }
    },
    async close() {
      await Promise.all(queues.map((queue) => queue.close()))
    },
  }
}

/** Makes attempts at deliveries, each again after the pause that `deliver` names. */
export function startDeliveryWorkers(options: {
  connection: Connection
  shards: Shards
  concurrency: number
  deliver: (event: OutgoingEvent) => Promise<{ retryInMs: number | undefined }>
  onError: (error: Error) => void
}): { close(): Promise<void> } {
  const workers = Array.from({ length: options.shards.count }, (_, shard) => {
    const worker = new Worker(
      NAME,
      async (job, token) => {
        const { retryInMs } = await options.deliver(job.data as OutgoingEvent)
        if (retryInMs === undefined) return
        await job.moveToDelayed(Date.now() + retryInMs, token)
        throw new DelayedError()
      },
      {
        connection: options.connection,
        prefix: options.shards.prefixOf(shard),
        concurrency: options.concurrency,
        // What a worker had that died goes on as soon as its tasks do.
        lockDuration: LEASE_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: 1_000,
        drainDelay: 1,
      },
    )
    worker.on('error', options.onError)
    return worker
  })
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}
