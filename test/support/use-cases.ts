import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import type { ChangeDeps } from '../../src/core/change/change-deps.ts'
import type { SweepDeps } from '../../src/core/change/sweep.ts'
import type { Exporting } from '../../src/core/ports/exporting.ts'
import { NO_TRACER } from '../../src/core/ports/tracing.ts'
import { runningTasks } from '../../src/core/run/running-tasks.ts'
import type { SubmitDeps } from '../../src/core/submit/submit-plan.ts'
import { CHECKS_HERE } from '../../src/executors/output/schema-checks.ts'
import { loadConfig } from '../../src/main/config.ts'
import { faultLog } from '../../src/main/fault-log.ts'
import { openBatchQueue } from '../../src/main/open/open-batch-queue.ts'
import { openExecutors } from '../../src/main/open/open-executors.ts'
import { openStores } from '../../src/main/open/open-stores.ts'
import { submitDepsOf } from '../../src/main/open/open-submit.ts'
import { openWorkspaces } from '../../src/main/open/open-workspaces.ts'
import { EXPORTING_HERE } from './exporting.ts'

/** The use cases on the real stores and the real queue, without any process beside this one. */
export async function openUseCases(redisUrl: string, env: Record<string, string> = {}) {
  const config = loadConfig({ TUTTI_PREFIX: `test-${randomUUID().slice(0, 8)}`, ...env })
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const log = pino({ level: 'silent' })
  const stores = openStores(redis, config)
  const queue = await openBatchQueue(redis, stores, faultLog(log))
  const faults: unknown[] = []
  const onFault = (error: unknown) => {
    faults.push(error)
  }
  const submitting: SubmitDeps = {
    ...submitDepsOf({
      config,
      stores,
      queue,
      executors: openExecutors(config, log, undefined, NO_TRACER),
      workspaces: openWorkspaces(config, {}, log),
      schemas: CHECKS_HERE,
      tracer: NO_TRACER,
      log,
    }),
    onFault,
  }
  const shared = {
    ...stores,
    queue,
    forgetDeliveries: async () => {},
    onFault,
  }
  const changing: Omit<ChangeDeps, 'waiting'> & { exporting: Exporting } = {
    ...shared,
    exporting: EXPORTING_HERE,
    standing: async () => ({
      workers: await stores.workers.alive(),
      providers: [],
      modelOf: ({ model }) => model,
    }),
    newToken: randomUUID,
    sha256: submitting.sha256,
    tenantLimits: submitting.tenantLimits,
    preparing: submitting,
  }
  const sweeping: SweepDeps = shared
  return {
    redis,
    stores,
    queue,
    submitting,
    changing: changing as ChangeDeps & { exporting: Exporting },
    sweeping,
    running: runningTasks(),
    faults,
    /** All keys of this service. */
    keys: () => redis.keys(`{${config.TUTTI_PREFIX}:*`),
    /** Jobs of all queues, in any state. */
    async jobs() {
      const counts = await Promise.all(
        queue.queues.map((entry) =>
          entry.queue.getJobCountByTypes(
            'waiting',
            'prioritized',
            'active',
            'delayed',
            'waiting-children',
          ),
        ),
      )
      return counts.reduce((sum, count) => sum + count, 0)
    },
    async close() {
      await queue.close()
      redis.disconnect()
    },
  }
}

export type UseCases = Awaited<ReturnType<typeof openUseCases>>

/** A body of echo tasks, each after those that it names. */
export function echoPlan(tasks: Record<string, string[]>, rest: object = {}) {
  return {
    tasks: Object.entries(tasks).map(([id, dependsOn]) => ({
      id,
      prompt: `Say ${id}.`,
      executor: 'echo',
      dependsOn,
    })),
    ...rest,
  }
}
