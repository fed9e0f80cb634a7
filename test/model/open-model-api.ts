import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { changePlans } from '../../src/core/change/change-plans.ts'
import { changeSyntheses } from '../../src/core/change/change-syntheses.ts'
import { changeTasks } from '../../src/core/change/change-tasks.ts'
import type { Submission } from '../../src/core/contract/api.ts'
import { NO_TRACER } from '../../src/core/ports/tracing.ts'
import { changeWaiters } from '../../src/core/read/change-waiters.ts'
import { readPlans } from '../../src/core/read/read-plans.ts'
import { readSyntheses } from '../../src/core/read/read-syntheses.ts'
import { readTasks } from '../../src/core/read/read-tasks.ts'
import { submitPlan } from '../../src/core/submit/submit-plan.ts'
import { CHECKS_HERE } from '../../src/executors/output/schema-checks.ts'
import type { Config } from '../../src/main/config.ts'
import { faultLog } from '../../src/main/fault-log.ts'
import type { Lifecycle } from '../../src/main/lifecycle.ts'
import { openBatchQueue } from '../../src/main/open/open-batch-queue.ts'
import { openForgetDeliveries } from '../../src/main/open/open-deliveries.ts'
import type { Executors } from '../../src/main/open/open-executors.ts'
import { openFeed, openStores } from '../../src/main/open/open-stores.ts'
import { submitDepsOf } from '../../src/main/open/open-submit.ts'
import { openWorkspaces } from '../../src/main/open/open-workspaces.ts'
import { connectForCallers, connectForEvents } from '../../src/store/redis/connect-redis.ts'
import { EXPORTING_HERE } from '../support/exporting.ts'

export type ModelApi = Awaited<ReturnType<typeof openModelApi>>

/** The API's use cases, as `open-api.ts` puts them together, without the thread for large bodies. */
export async function openModelApi(options: {
  config: Config
  url: string
  executors: Executors
  lifecycle: Lifecycle
  log: Logger
}) {
  const { config, lifecycle, log } = options
  const faults = faultLog(log)
  const onError = (err: Error) => faults(err, 'redis connection failed')
  const redis = await connectForCallers(options.url, onError)
  lifecycle.onClose('redis', () => redis.disconnect())
  const subscriber = await connectForEvents(options.url, onError)
  lifecycle.onClose('subscriber', () => subscriber.disconnect())
  const stores = openStores(redis, config)
  const feed = await openFeed(subscriber, stores)
  const queue = await openBatchQueue(redis, stores, faults)
  lifecycle.onClose('queues', () => queue.close())
  const workspaces = openWorkspaces(config, {}, log)
  const submitDeps = submitDepsOf({
    ...options,
    stores,
    queue,
    workspaces,
    schemas: CHECKS_HERE,
    tracer: NO_TRACER,
  })
  const readDeps = {
    ...stores,
    exporting: EXPORTING_HERE,
    waiting: changeWaiters(feed, () => performance.now()),
    standing: async () => ({ workers: [], providers: [], modelOf: () => undefined }),
  }
  const changeDeps = {
    ...readDeps,
    queue,
    preparing: submitDeps,
    tenantLimits: submitDeps.tenantLimits,
    forgetDeliveries: await openForgetDeliveries({ redis, stores, lifecycle, faults }),
    newToken: randomUUID,
    sha256: submitDeps.sha256,
    onFault: (err: unknown, planId: string) => log.warn({ err, planId }, 'request fault'),
  }
  return {
    submit: (submission: Submission) => submitPlan(submitDeps, submission),
    plans: { ...readPlans(readDeps), ...changePlans(changeDeps) },
    tasks: { ...readTasks(readDeps), ...changeTasks(changeDeps) },
    syntheses: { ...readSyntheses(readDeps), ...changeSyntheses(changeDeps) },
    queue,
  }
}
