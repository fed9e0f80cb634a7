import { bullBatchQueue, type OpenBatchQueue } from '../../queue/batch-queue.ts'
import type { RedisClient } from '../../store/redis/connect-redis.ts'
import { whileAvailable } from '../../store/redis/while-available.ts'
import type { FaultLog } from '../fault-log.ts'
import type { Stores } from './open-stores.ts'

/**
 * The queue of batches. As with the stores, every call throws `unavailable` while Redis is down.
 */
export async function openBatchQueue(
  redis: RedisClient,
  stores: Stores,
  faults: FaultLog,
): Promise<OpenBatchQueue> {
  const onError = (err: Error) => faults(err, 'queue cannot be opened')
  const queue = await bullBatchQueue({ connection: redis, shards: stores.shards, onError })
  return {
    queues: queue.queues,
    close: () => queue.close(),
    enqueueBatch: (...batch) => whileAvailable(() => queue.enqueueBatch(...batch)),
    enqueueSynthesis: (synthesis) => whileAvailable(() => queue.enqueueSynthesis(synthesis)),
    enqueueBundle: (bundle) => whileAvailable(() => queue.enqueueBundle(bundle)),
    enqueueParts: (...parts) => whileAvailable(() => queue.enqueueParts(...parts)),
    release: (...units) => whileAvailable(() => queue.release(...units)),
    remove: (...units) => whileAvailable(() => queue.remove(...units)),
    heldUnits: (page) => whileAvailable(() => queue.heldUnits(page)),
    hasBatch: (...batch) => whileAvailable(() => queue.hasBatch(...batch)),
    counts: () => whileAvailable(() => queue.counts()),
  }
}
