import { Queue, Worker } from 'bullmq'
import { deliveryId, type OutgoingEvent } from '../core/deliver/webhooks.ts'
import type { Connection, Shards } from './names.ts'
import { openUntilReady } from './open-until-ready.ts'

const NAME = 'webhooks'
const LEASE_MS = 10_000
const STALLED_CHECK_MS = 4_000
/** Lets Redis answer others in between. */
const REMOVED_AT_ONCE = 100

export interface DeliveryQueue {
  /** Enqueues deliveries; existing ones are left as they are. */
  add(shard: number, events: readonly OutgoingEvent[]): Promise<void>
  /** A delivery that is being attempted stays: it finds its plan gone and ends. */
  remove(shard: number, deliveryIds: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** `connection` is shared and stays open. Resolves once the queue is usable. */
export async function bullDeliveryQueue(options: {
  connection: Connection
  shards: Shards
  onError: (error: Error) => void
}): Promise<DeliveryQueue> {
  const { connection, shards, onError } = options
  const queues = await Promise.all(
    Array.from({ length: shards.count }, (_, shard) => {
      const prefix = shards.prefixOf(shard)
      const make = () => new Queue(NAME, { connection, prefix }).on('error', () => undefined)
      return openUntilReady(make, { onError })
    }),
  )
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

/**
 * Makes delivery attempts. Nothing retries an attempt that throws: an unsettled delivery is claimed
 * again.
 */
export async function startDeliveryWorkers(options: {
  connection: Connection
  shards: Shards
  concurrency: number
  deliver: (event: OutgoingEvent) => Promise<void>
  onError: (error: Error) => void
}): Promise<{ close(): Promise<void> }> {
  const { onError } = options
  const startWorker = async (shard: number) => {
    const make = () =>
      new Worker(NAME, async (job) => options.deliver(job.data as OutgoingEvent), {
        connection: options.connection,
        prefix: options.shards.prefixOf(shard),
        concurrency: options.concurrency,
        autorun: false,
        // The deliveries of a dead worker continue as soon as its tasks do.
        lockDuration: LEASE_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: 1_000,
        drainDelay: 1,
      })
        .on('error', onError)
        .on('failed', (_job, error) => onError(error))
    const worker = await openUntilReady(make, { onError })
    void worker.run().catch(onError)
    return worker
  }
  const workers = await Promise.all(
    Array.from({ length: options.shards.count }, (_, shard) => startWorker(shard)),
  )
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}
