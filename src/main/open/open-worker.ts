import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { allowances } from '../../core/budget/allowances.ts'
import { abortStopped, sweepHeld } from '../../core/change/sweep.ts'
import type { PartJob, SynthesisJob } from '../../core/ports/queue.ts'
import type { Tracer } from '../../core/ports/tracing.ts'
import type { Workspaces } from '../../core/ports/workspaces.ts'
import { editsBefore } from '../../core/run/edits-before.ts'
import { planCache } from '../../core/run/plan-cache.ts'
import { planOfFolder } from '../../core/run/plan-files.ts'
import type { RunUnitDeps, UnitJob } from '../../core/run/run-deps.ts'
import { runUnit } from '../../core/run/run-unit.ts'
import { AttemptAborted, runningTasks } from '../../core/run/running-tasks.ts'
import { runAndSynthesize } from '../../core/synthesize/run-and-synthesize.ts'
import type { SynthesizeDeps } from '../../core/synthesize/synthesize-plan.ts'
import type { PartDeps } from '../../core/synthesize/write-synthesis-parts.ts'
import { pause } from '../../core/timing/pause.ts'
import { type Consumer, type Handled, startConsumer } from '../../queue/consumer.ts'
import { countingGate, type Gate, gateOfSlots } from '../../queue/gates.ts'
import { QUEUES, type QueueKind } from '../../queue/names.ts'
import { createSlots } from '../../queue/slots.ts'
import {
  connectForEvents,
  connectForWork,
  type RedisClient,
} from '../../store/redis/connect-redis.ts'
import { workerName } from '../../store/task-store.ts'
import { tracedPart, tracedSynthesis } from '../../tracing/traced-synthesis.ts'
import { VERSION } from '../../version.ts'
import type { Config } from '../config.ts'
import { every } from '../every.ts'
import { type FaultLog, faultLog } from '../fault-log.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { openBatchQueue } from './open-batch-queue.ts'
import { openDeliveries, openForgetDeliveries } from './open-deliveries.ts'
import type { Executors } from './open-executors.ts'
import { countedStores, openWorkerMetrics } from './open-metrics.ts'
import type { Reading } from './open-reading.ts'
import { openFeed, openStores } from './open-stores.ts'
import { openUpkeep } from './open-upkeep.ts'
import { reuseDeps } from './reuse-deps.ts'

const LISTEN_AGAIN_MS = 1_000
/** How often this machine is searched for leftovers of plans that are gone. */
const FORGET_MS = 5 * 60_000
const ANNOUNCE_MS = 2_000
/** How often to look for jobs that nobody will release. */
const SWEEP_HELD_MS = 60_000
/** Fetch loops in parallel, each with its own Worker instance. */
const INSTANCES: Record<QueueKind, number> = { io: 2, bulk: 1, cpu: 1, synthesis: 1, parts: 1 }

/**
 * Opens everything a worker process consists of: connections, consumers of every queue, the
 * sweeper. On close it takes no new tasks, lets running ones finish within the grace period, and
 * hands back the rest.
 */
export async function openWorker(options: {
  config: Config
  redisUrl: string
  executors: Executors
  workspaces: Workspaces
  reading: Reading
  lifecycle: Lifecycle
  log: Logger
  tracer: Tracer
}): Promise<void> {
  const { config, lifecycle, log, executors, workspaces, reading, tracer } = options
  const faults = faultLog(log)
  const onError = (err: Error) => faults(err, 'redis connection failed')
  const redis = await connectForWork(options.redisUrl, onError)
  lifecycle.onClose('redis', () => redis.disconnect())
  const subscriber = await connectForEvents(options.redisUrl, onError)
  lifecycle.onClose('subscriber', () => subscriber.disconnect())

  const slots = createSlots(config.TUTTI_CONCURRENCY)
  const cpuSlots = createSlots(config.TUTTI_CPU_CONCURRENCY)
  const lanes = () => [
    { lane: 'io', used: slots.used, total: slots.total },
    { lane: 'cpu', used: cpuSlots.used, total: cpuSlots.total },
  ]
  const metrics = await openWorkerMetrics({ config, redis, lifecycle, log, slots: lanes })
  if (metrics !== undefined) executors.onHold(metrics.providerHeld)
  const stores = countedStores(openStores(redis, config), metrics)
  const feed = await openFeed(subscriber, stores)
  const queue = await openBatchQueue(redis, stores, faults)
  lifecycle.onClose('queues', () => queue.close())

  const running = runningTasks()
  const writing = runningTasks()
  lifecycle.onClose(
    'control',
    feed.onControl((planId, taskId, code) => {
      const message =
        code === 'cancelled' ? 'The task was cancelled.' : `The plan was stopped: ${code}.`
      running.abort(planId, taskId, new AttemptAborted('cancelled', message))
      // A plan that ran out of time or money still gets its synthesis.
      const reason = new AttemptAborted('cancelled', message)
      if (code === 'deleted') writing.abort(planId, undefined, reason)
      if (code === 'cancelled' && taskId === undefined) writing.abortStopped(planId, reason)
    }),
  )

  const allowanceOf = allowances({
    budgets: stores.budgets,
    newToken: randomUUID,
    pause,
    onFault: (err, planId) => faults(err, 'budget fault', { planId }),
  })
  const stopping = new AbortController()
  const ending = new AbortController()
  const plans = planCache(stores.plans)
  const runDeps: RunUnitDeps = {
    ...stores,
    plans,
    editsBefore: editsBefore(stores.tasks),
    reuse: reuseDeps(stores.reuse),
    files: stores.plans,
    queue,
    executors: executors.byName,
    programs: executors.programs,
    workspaces,
    allowanceOf,
    running,
    tracer,
    acquireSlot: ({ lane, planTasks }, until) =>
      lane === 'cpu'
        ? cpuSlots.acquire('io', until)
        : slots.acquire(planTasks > slots.total ? 'bulk' : 'io', until),
    stopping: stopping.signal,
    ending: ending.signal,
    findingsIn: reading.findingsIn,
    newToken: randomUUID,
    random: Math.random,
    onFault: (err, planId, taskId) => log.error({ err, planId, taskId }, 'executor fault'),
  }
  const synthesizeDeps: SynthesizeDeps = {
    ...stores,
    queue,
    workspaces,
    allowanceOf,
    merging: reading.merging,
    writing,
    model: executors.synthesizer,
    resolver: executors.resolver,
    verifier: executors.verifier,
    programs: executors.programs,
    pause,
    onFault: (err, planId) => faults(err, 'synthesis fault', { planId }),
  }

  const synthesize = (job: SynthesisJob, lost: AbortSignal) => {
    const signal = AbortSignal.any([lost, ending.signal])
    return tracedSynthesis(tracer, plans, synthesizeDeps, job, signal)
  }
  const consumers = openConsumers({
    redis,
    shards: stores.shards,
    gates: {
      io: gateOfSlots(slots, 'io'),
      bulk: gateOfSlots(slots, 'bulk'),
      cpu: gateOfSlots(cpuSlots, 'io'),
      synthesis: countingGate(config.TUTTI_SYNTHESIS_CONCURRENCY),
      parts: countingGate(config.TUTTI_SYNTHESIS_CONCURRENCY),
    },
    runUnit: runAndSynthesize({
      plans,
      queue,
      hasModel: executors.synthesizer !== undefined,
      runUnit: (job, lost, delivery) => runUnit(runDeps, job, lost, delivery),
      synthesize,
    }),
    synthesize,
    writePart: (job, lost, aside) => {
      const signal = AbortSignal.any([lost, ending.signal])
      return tracedPart(tracer, plans, { ...synthesizeDeps, aside }, job, signal)
    },
    faults,
  })
  lifecycle.onClose('consumers', async () => {
    stopping.abort()
    for (const consumer of consumers) consumer.pause()
    const idle = Promise.all(consumers.map((consumer) => consumer.idle()))
    const timer = setTimeout(() => {
      log.info({ tasks: running.size }, 'grace is over, running tasks are handed back')
      running.abortAll(new AttemptAborted('shutdown', 'The worker is shutting down.'))
      ending.abort()
    }, config.SHUTDOWN_GRACE_MS)
    await idle.finally(() => clearTimeout(timer))
    await Promise.all(consumers.map((consumer) => consumer.close()))
  })

  const forgetDeliveries = await openForgetDeliveries({ redis, stores, lifecycle, faults })
  openUpkeep({ stores, queue, forgetDeliveries, lifecycle, faults })
  await openDeliveries({ config, redis, stores, tracer, lifecycle, faults })
  const id = workerName()
  let isOpen = false
  const announce = async () => {
    // A worker that cannot take tasks is not listed.
    if (!isOpen || !consumers.some((consumer) => consumer.isFetching)) return
    await stores.workers.announce({
      id,
      host: hostname(),
      pid: process.pid,
      version: VERSION,
      concurrency: config.TUTTI_CONCURRENCY,
      running: slots.used + cpuSlots.used,
      executors: [...executors.byName.keys()],
    })
  }
  lifecycle.onClose('registry', () => stores.workers.leave(id))
  const sweepFault = (err: unknown, planId: string) => faults(err, 'upkeep fault', { planId })
  const timers = [
    every(ANNOUNCE_MS, announce, faults),
    every(SWEEP_HELD_MS, () => sweepHeld({ ...stores, queue, onFault: sweepFault }), faults),
    every(
      FORGET_MS,
      async () => {
        const isKept = async (folder: string) =>
          (await stores.plans.get(planOfFolder(folder))) !== undefined
        await workspaces.sweep(isKept)
      },
      faults,
    ),
    every(LISTEN_AGAIN_MS, () => abortStopped(stores.life, running, writing), faults),
  ]
  lifecycle.onClose('timers', () => {
    for (const stop of timers) stop()
  })
  await Promise.all(consumers.map((consumer) => consumer.opened))
  isOpen = true
  // A full store rejects announcements; they are repeated.
  await announce().catch((err: unknown) => faults(err, 'worker could not be announced'))
  log.info(
    { concurrency: config.TUTTI_CONCURRENCY, executors: [...executors.byName.keys()] },
    'worker is up',
  )
}

function openConsumers(options: {
  redis: RedisClient
  shards: { count: number; prefixOf(shard: number): string }
  gates: Record<QueueKind, Gate>
  runUnit: (job: UnitJob, lost: AbortSignal, delivery: number) => Promise<Handled>
  synthesize: (job: SynthesisJob, lost: AbortSignal) => Promise<Handled>
  writePart: (job: PartJob, lost: AbortSignal, aside: PartDeps['aside']) => Promise<Handled>
  faults: FaultLog
}): Consumer[] {
  const consumers: Consumer[] = []
  for (let shard = 0; shard < options.shards.count; shard += 1) {
    for (const kind of Object.keys(QUEUES) as QueueKind[]) {
      const gate = options.gates[kind]
      consumers.push(
        startConsumer({
          queueName: QUEUES[kind],
          prefix: options.shards.prefixOf(shard),
          connection: options.redis,
          instances: INSTANCES[kind],
          gate,
          handle: async (data, { delivery }, lost) => {
            let leave = gate.enter?.()
            const aside = async <T>(wait: () => Promise<T>): Promise<T> => {
              leave?.()
              try {
                return await wait()
              } finally {
                leave = gate.enter?.()
              }
            }
            try {
              if (kind === 'synthesis') return await options.synthesize(data as SynthesisJob, lost)
              if (kind === 'parts') return await options.writePart(data as PartJob, lost, aside)
              return await options.runUnit(data as UnitJob, lost, delivery)
            } finally {
              leave?.()
            }
          },
          onError: (err, event, jobId) => options.faults(err, event, { jobId }),
        }),
      )
    }
  }
  return consumers
}
