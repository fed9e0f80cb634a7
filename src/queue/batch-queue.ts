import {
  createRedisBackend,
  type FlowJob,
  FlowProducer,
  Job,
  Queue,
  type RedisQueueBackend,
} from 'bullmq'
import { ServiceError } from '../core/contract/errors.ts'
import type { QueueView } from '../core/contract/workers.ts'
import {
  type BatchQueue,
  finalSynthesisJobId,
  type PartJob,
  type SynthesisJob,
  type Unit,
} from '../core/ports/queue.ts'
import {
  type Connection,
  fairPriority,
  HELD_DELAY_MS,
  partJobId,
  QUEUES,
  type QueueKind,
  queueOfLane,
  type Shards,
  unitJobId,
  unitOfJob,
} from './names.ts'
import { openUntilReady } from './open-until-ready.ts'

/** Jobs are removed this many at a time, so that Redis can answer others in between. */
const REMOVED_AT_ONCE = 100
/** Jobs are promoted this many at a time, so that other calls get their turn in between. */
const PROMOTED_AT_ONCE = 100
/** Jobs of a large batch are added this many at a time. */
const ADDED_AT_ONCE = 100
/** Per queue. */
const HELD_PAGE = 500

type FlowEntries = Parameters<RedisQueueBackend['addFlow']>[0]

/**
 * FlowProducer only checks the first reply of the transaction. If Redis rejects a child, nobody
 * notices, and its parent waits for ever. This one checks all replies.
 */
function checkedBackend(...args: Parameters<typeof createRedisBackend>): RedisQueueBackend {
  const backend = createRedisBackend(...args)
  const addFlow = backend.addFlow.bind(backend)
  backend.addFlow = async (entries: FlowEntries) => {
    const results = await addFlow(entries)
    const refused = results.findIndex(
      ([error, answer]) => error !== null || (typeof answer === 'number' && answer < 0),
    )
    if (refused >= 0) {
      const [error, answer] = results[refused] ?? []
      throw new PartialBatchError(
        entries.map((entry) => entry.jobId),
        error instanceof Error ? error.message : `code ${String(answer)}`,
      )
    }
    return results
  }
  return backend
}

class PartialBatchError extends Error {
  readonly jobIds: string[]
  constructor(jobIds: string[], reason: string) {
    super(`Redis accepted only part of the batch: ${reason}`)
    this.jobIds = jobIds
  }
}

export interface OpenBatchQueue extends BatchQueue {
  /** How many jobs each queue holds. */
  counts(): Promise<QueueView[]>
  /** Every queue of every shard, for inspection. */
  queues: { kind: QueueKind; shard: number; queue: Queue }[]
  close(): Promise<void>
}

/** `connection` is shared and stays open. Resolves once the queues are usable. */
export async function bullBatchQueue(options: {
  connection: Connection
  shards: Shards
  /** Called with the reason why a queue could not be opened yet. */
  onError?: (error: Error) => void
}): Promise<OpenBatchQueue> {
  const { connection, shards, onError = () => undefined } = options
  const producer = await openUntilReady(
    () => new FlowProducer({ connection }, checkedBackend).on('error', () => undefined),
    { onError },
  )
  const open = async (kind: QueueKind, shard: number) => {
    const prefix = shards.prefixOf(shard)
    const make = () => new Queue(QUEUES[kind], { connection, prefix }).on('error', () => undefined)
    return { kind, shard, queue: await openUntilReady(make, { onError }) }
  }
  const queues = await Promise.all(
    Array.from({ length: shards.count }, (_, shard) =>
      (Object.keys(QUEUES) as QueueKind[]).map((kind) => open(kind, shard)),
    ).flat(),
  )

  function queueFor(planId: string, kind: QueueKind): Queue {
    const shard = shards.shardOf(planId)
    const found = queues.find((entry) => entry.shard === shard && entry.kind === kind)
    if (found === undefined) {
      throw new ServiceError('unavailable', `The plan is on shard ${shard}, which is not in use.`)
    }
    return found.queue
  }

  function synthesisNode(synthesis: SynthesisJob): FlowJob {
    return {
      name: 'synthesis',
      queueName: QUEUES.synthesis,
      prefix: shards.prefixOf(shards.shardOf(synthesis.planId)),
      data: synthesis,
      opts: { jobId: synthesis.jobId, removeOnComplete: true },
    }
  }

  function unitNode(unit: Unit): FlowJob {
    const { planId, held, lane, priority, ...rest } = unit
    return {
      name: unit.taskIds[0] ?? `up to ${unit.bundle} tasks`,
      queueName: queueOfLane(lane),
      prefix: shards.prefixOf(shards.shardOf(planId)),
      data: { planId, lane, ...rest },
      opts: {
        jobId: unitJobId(planId, unit.unit),
        priority: fairPriority({ round: unit.round, priority }),
        removeOnComplete: true,
        // A failed job must not block the synthesis. Units only fail because of a bug of ours.
        ignoreDependencyOnFailure: true,
        ...(held ? { delay: HELD_DELAY_MS } : {}),
      },
    }
  }

  async function removeJobs(queue: Queue, ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += REMOVED_AT_ONCE) {
      const chunk = ids.slice(at, at + REMOVED_AT_ONCE)
      // A job that a worker holds cannot be removed: the worker finds the plan gone and ends it.
      await Promise.allSettled(chunk.map((id) => queue.remove(id, { removeChildren: false })))
    }
  }

  function byQueue(planId: string, units: readonly { unit: number; lane: Unit['lane'] }[]) {
    const groups = new Map<Queue, number[]>()
    for (const { unit, lane } of units) {
      const queue = queueFor(planId, lane)
      const known = groups.get(queue)
      if (known === undefined) groups.set(queue, [unit])
      else known.push(unit)
    }
    return groups
  }

  return {
    queues,

    async enqueueBatch(synthesis, units) {
      const children = units.map(unitNode)
      const size = units.every(({ held }) => held) ? ADDED_AT_ONCE : children.length
      const queue = queueFor(synthesis.planId, 'synthesis').qualifiedName
      const parent = { id: synthesis.jobId, queue }
      try {
        const [first] = units
        if (first?.writesSynthesis) {
          // One job needs no transaction.
          const { name, data, opts } = unitNode(first)
          if (units.length > 1) await producer.addBulk(children)
          else await queueFor(first.planId, first.lane).add(name, data, opts)
          return
        }
        for (let at = 0; at < children.length; at += size) {
          const some = children.slice(at, at + size)
          if (at === 0) {
            await producer.add({ ...synthesisNode(synthesis), children: some })
            continue
          }
          await producer.addBulk(
            some.map((child) => ({ ...child, opts: { ...child.opts, parent } })),
          )
        }
      } catch (error) {
        if (!(error instanceof PartialBatchError)) throw error
        for (const [queue, numbers] of byQueue(synthesis.planId, units)) {
          await removeJobs(
            queue,
            numbers.map((unit) => unitJobId(synthesis.planId, unit)),
          )
        }
        await removeJobs(queueFor(synthesis.planId, 'synthesis'), [synthesis.jobId])
        throw new ServiceError('unavailable', 'The batch could not be enqueued as a whole.', {
          retryAfterSeconds: 1,
          cause: error,
        })
      }
    },

    async enqueueSynthesis(synthesis) {
      await producer.add(synthesisNode(synthesis))
    },

    async enqueueParts(synthesis, parts) {
      const waiting = queueFor(synthesis.planId, 'synthesis')
      await queueFor(synthesis.planId, 'parts').addBulk(
        parts.map((place) => {
          const jobId = partJobId(synthesis.jobId, place)
          const data: PartJob = { planId: synthesis.planId, jobId, of: synthesis, place }
          return {
            name: `part ${place.level}.${place.index}`,
            data,
            opts: {
              jobId,
              parent: { id: synthesis.jobId, queue: waiting.qualifiedName },
              // Syntheses take turns, part by part.
              priority: place.index + 1,
              removeOnComplete: true,
              ignoreDependencyOnFailure: true,
            },
          }
        }),
      )
    },

    async enqueueBundle(bundle) {
      const { name, data, opts } = unitNode(bundle)
      const { qualifiedName } = queueFor(bundle.planId, 'synthesis')
      const parent = { id: finalSynthesisJobId(bundle.planId, 0), queue: qualifiedName }
      await queueFor(bundle.planId, bundle.lane).addBulk([
        { name, data, opts: { ...opts, ...(bundle.writesSynthesis ? {} : { parent }) } },
      ])
    },

    async release(planId, units) {
      for (const [queue, numbers] of byQueue(planId, units)) {
        const backend = queue.getBackend()
        const promote = async (unit: number) => {
          try {
            await backend.promote(unitJobId(planId, unit))
          } catch (error) {
            // Already promoted, or gone: BullMQ's codes for a job that is not delayed or is
            // missing.
            if (!isNotDelayed(error)) throw error
          }
        }
        for (let at = 0; at < numbers.length; at += PROMOTED_AT_ONCE) {
          await Promise.all(numbers.slice(at, at + PROMOTED_AT_ONCE).map(promote))
        }
      }
    },

    async remove(planId, units, firstUnit) {
      for (const [queue, numbers] of byQueue(planId, units)) {
        await removeJobs(
          queue,
          numbers.map((unit) => unitJobId(planId, unit)),
        )
      }
      await removeJobs(queueFor(planId, 'synthesis'), [finalSynthesisJobId(planId, firstUnit)])
    },

    async heldUnits(page) {
      const from = page * HELD_PAGE
      const lanes = queues.flatMap(({ kind, queue }) => (isLane(kind) ? [{ kind, queue }] : []))
      const pages = await Promise.all(
        lanes.map(async ({ kind, queue }) => {
          const ids = await queue.getRanges(['delayed'], from, from + HELD_PAGE - 1, true)
          return ids.flatMap((id) => unitOfJob(id, kind) ?? [])
        }),
      )
      return pages.flat()
    },

    async hasBatch(planId, { lane, writesSynthesis }) {
      const isThere = async (kind: QueueKind, jobId: string) =>
        (await Job.fromId(queueFor(planId, kind), jobId)) !== undefined
      if (!writesSynthesis) return isThere('synthesis', finalSynthesisJobId(planId, 0))
      return typeof lane === 'string' && isThere(lane, unitJobId(planId, 0))
    },

    counts: () =>
      Promise.all(
        queues.map(async ({ shard, queue }) => {
          const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed')
          return {
            name: queue.name,
            shard,
            waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0),
            active: counts.active ?? 0,
            delayed: counts.delayed ?? 0,
          }
        }),
      ),

    async close() {
      await producer.close()
      await Promise.all(queues.map(({ queue }) => queue.close()))
    },
  }
}

function isLane(kind: QueueKind): kind is Unit['lane'] {
  return kind !== 'synthesis' && kind !== 'parts'
}

function isNotDelayed(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === -1 || code === -3
}
