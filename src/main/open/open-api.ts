import { createHash, randomUUID } from 'node:crypto'
import type { FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import { changePlans } from '../../core/change/change-plans.ts'
import { changeSyntheses } from '../../core/change/change-syntheses.ts'
import { changeTasks } from '../../core/change/change-tasks.ts'
import type { Api, Submission } from '../../core/contract/api.ts'
import { type Limits, MOST_WORK_HERE } from '../../core/contract/limits.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import { followPlans } from '../../core/follow/follow-plan.ts'
import { NO_TRACER, type Tracer } from '../../core/ports/tracing.ts'
import type { Workspaces } from '../../core/ports/workspaces.ts'
import { changeWaiters } from '../../core/read/change-waiters.ts'
import { planView } from '../../core/read/plan-views.ts'
import { readPlans } from '../../core/read/read-plans.ts'
import { readSteps } from '../../core/read/read-steps.ts'
import { readSubmission } from '../../core/read/read-submission.ts'
import { readSyntheses } from '../../core/read/read-syntheses.ts'
import { readTasks } from '../../core/read/read-tasks.ts'
import { requirePlan } from '../../core/read/require-plan.ts'
import { dryRun } from '../../core/submit/dry-run.ts'
import { submissionWork } from '../../core/submit/submission-work.ts'
import { submitPlan } from '../../core/submit/submit-plan.ts'
import type { OpenBatchQueue } from '../../queue/batch-queue.ts'
import { shardKey } from '../../store/keys.ts'
import { readProviders } from '../../store/model-calls.ts'
import { connectForCallers, connectForEvents } from '../../store/redis/connect-redis.ts'
import { openLargeSubmissions } from '../../threads/large-submissions.ts'
import type { Config } from '../config.ts'
import { faultLog } from '../fault-log.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { openBatchQueue } from './open-batch-queue.ts'
import { openForgetDeliveries } from './open-deliveries.ts'
import type { Executors } from './open-executors.ts'
import { openExporting } from './open-exporting.ts'
import { type ApiMetrics, openApiMetrics } from './open-metrics.ts'
import { openSchemaChecks } from './open-schema-checks.ts'
import { openFeed, openStores } from './open-stores.ts'
import { submitDepsOf } from './open-submit.ts'
import { openUpkeep } from './open-upkeep.ts'

/** Assembles the use cases that the HTTP layer calls. */
export async function openApi(options: {
  config: Config
  redisUrl: string
  executors: Executors
  workspaces: Workspaces
  tracer: Tracer
  lifecycle: Lifecycle
  log: Logger
}): Promise<{
  api: Api
  queue: OpenBatchQueue
  limits: Limits
  metrics: ApiMetrics
  plugins: FastifyPluginAsync[]
}> {
  const { config, lifecycle, log, executors, tracer } = options
  const faults = faultLog(log)
  const onError = (err: Error) => faults(err, 'redis connection failed')
  const redis = await connectForCallers(options.redisUrl, onError)
  lifecycle.onClose('redis', () => redis.disconnect())
  const subscriber = await connectForEvents(options.redisUrl, onError)
  lifecycle.onClose('subscriber', () => subscriber.disconnect())

  const stores = openStores(redis, config)
  const feed = await openFeed(subscriber, stores)
  const queue = await openBatchQueue(redis, stores, faults)
  lifecycle.onClose('queues', () => queue.close())

  const onFault = (err: unknown, planId: string) => log.warn({ err, planId }, 'request fault')
  const schemas = openSchemaChecks(log)
  lifecycle.onClose('schema threads', () => schemas.close())
  const submitDeps = submitDepsOf({ ...options, stores, queue, schemas })
  const large = openLargeSubmissions({
    redisUrl: options.redisUrl,
    isTraced: tracer !== NO_TRACER,
    log,
  })
  lifecycle.onClose('submission thread', () => large.close())
  const providers = readProviders({ redis, space: stores.space })
  const exporting = openExporting(log)
  lifecycle.onClose('exporting threads', () => exporting.close())
  const readDeps = {
    ...stores,
    exporting,
    waiting: changeWaiters(feed, () => performance.now()),
    standing: async () => {
      const [alive, held] = await Promise.all([stores.workers.alive(), providers()])
      return { workers: alive, providers: held, modelOf: modelOf(executors, config) }
    },
  }
  const { TUTTI_RATE_LIMIT_PER_MINUTE: perMinute } = config
  const plugins: FastifyPluginAsync[] = []
  if (perMinute !== undefined) {
    const { rateLimits } = await import('../../http/security/rate-limits.ts')
    plugins.push(rateLimits({ redis, prefix: config.TUTTI_PREFIX, perMinute }))
  }
  const metrics = await openApiMetrics({
    ...options,
    redis,
    waitingCallers: () => readDeps.waiting.size,
    read: async () => ({
      totals: await stores.totals(),
      queues: await queue.counts(),
      workers: await stores.workers.alive(),
    }),
  })
  const { tenantLimits } = submitDeps
  const preparing = submitDeps
  const forgetDeliveries = await openForgetDeliveries({ redis, stores, lifecycle, faults })
  openUpkeep({ stores, queue, forgetDeliveries, lifecycle, faults })
  const changeDeps = {
    ...readDeps,
    queue,
    preparing,
    tenantLimits,
    forgetDeliveries,
    newToken: randomUUID,
    sha256: submitDeps.sha256,
    onFault,
  }

  /** Later work is traced as part of this request, which is part of the caller's trace. */
  const partOfRequest = (submission: Submission): Submission => ({
    ...submission,
    traceparent: tracer.traceparent() ?? submission.traceparent,
  })

  const api: Api = {
    plans: {
      ...readPlans(readDeps),
      ...changePlans(changeDeps),
      async submit(submitted) {
        const submission = partOfRequest(submitted)
        const { record, created } = isLarge(submission)
          ? await large.submit(submission)
          : await submitPlan(submitDeps, submission)
        return { plan: planView(record, { waves: true }), created }
      },
      submission: (tenant, planId, options) =>
        readSubmission({ plans: stores.plans, measure }, tenant, planId, options),
      async deliveries(tenant, planId) {
        await requirePlan(readDeps, tenant, planId)
        return stores.deliveries.all(planId)
      },
      dryRun: (submission) =>
        isLarge(submission, { advised: true })
          ? large.dryRun(partOfRequest(submission))
          : dryRun(submitDeps, submission),
    },
    tasks: { ...readTasks(readDeps), ...readSteps(readDeps), ...changeTasks(changeDeps) },
    syntheses: { ...readSyntheses(readDeps), ...changeSyntheses(changeDeps) },
    events: followPlans({ ...readDeps, feed }),
    system: {
      executors: () => ({
        default: executors.defaultName,
        defaultModel: config.TUTTI_MODEL ?? null,
        items: [...executors.byName.values()].map((executor) => executor.describe()),
      }),
      workers: async () => ({
        workers: await stores.workers.alive(),
        queues: await queue.counts(),
        providers: await providers(),
      }),
      async ready() {
        try {
          // Reads a key, because any node of a Cluster answers a ping even if the Cluster is down.
          await redis.exists(shardKey(stores.space, 0))
          return true
        } catch {
          return false
        }
      },
    },
  }
  return { api, queue, limits: submitDeps.limits, metrics, plugins }
}

/** HTTP passes on the bytes of a body that is too large to parse on its thread. */
function isLarge({ body }: Submission, options: { advised?: boolean } = {}): boolean {
  return body instanceof Uint8Array || submissionWork(body, options) > MOST_WORK_HERE
}

function modelOf(executors: Executors, { TUTTI_MODEL }: Config) {
  return ({ executor, model }: TaskSpec): string | undefined => {
    const usesModel = executors.byName.get(executor)?.describe().capabilities.usesModel === true
    return usesModel ? (model ?? TUTTI_MODEL) : undefined
  }
}

function measure(text: string): { sha256: string; bytes: number } {
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { sha256, bytes: Buffer.byteLength(text) }
}
