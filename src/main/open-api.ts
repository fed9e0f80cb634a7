import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Api } from '../core/api.ts'
import { changePlans, changeSyntheses, changeTasks } from '../core/change-plans.ts'
import { dryRun } from '../core/dry-run.ts'
import { followPlans } from '../core/follow-plan.ts'
import type { Limits } from '../core/limits.ts'
import { planView } from '../core/plan-views.ts'
import { readPlans, readSyntheses, readTasks, requirePlan } from '../core/read-plans.ts'
import { type SubmitDeps, submitPlan } from '../core/submit-plan.ts'
import { preflight } from '../core/temporary.ts'
import { waitingOn } from '../core/waiting.ts'
import type { Workspaces } from '../core/workspace-port.ts'
import { bullBatchQueue, type OpenBatchQueue } from '../queue/batch-queue.ts'
import { planIdFrom } from '../store/keys.ts'
import { connectForCallers, connectForWork } from '../store/redis.ts'
import type { Config } from './config.ts'
import { schemaProblem } from './json-schema.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Executors } from './open-executors.ts'
import { openFeed, openStores } from './open-stores.ts'

export function limitsOf(config: Config): Limits {
  return {
    maxTasks: config.TUTTI_MAX_TASKS,
    maxBodyBytes: config.TUTTI_MAX_BODY_BYTES,
    maxPromptChars: config.TUTTI_MAX_PROMPT_CHARS,
    maxContextChars: config.TUTTI_MAX_CONTEXT_CHARS,
  }
}

/** Puts the use cases together into what the HTTP layer calls. */
export async function openApi(options: {
  config: Config
  redisUrl: string
  executors: Executors
  workspaces: Workspaces
  modelAvailable: boolean
  lifecycle: Lifecycle
  log: Logger
}): Promise<{ api: Api; queue: OpenBatchQueue; limits: Limits }> {
  const { config, lifecycle, log, executors, workspaces } = options
  const onError = (err: Error) => log.warn({ err }, 'redis connection failed')
  const redis = await connectForCallers(options.redisUrl, onError)
  lifecycle.onClose('redis', () => redis.disconnect())
  const subscriber = await connectForWork(options.redisUrl, onError)
  lifecycle.onClose('subscriber', () => subscriber.disconnect())

  const stores = openStores(redis, config)
  const feed = await openFeed(subscriber, stores)
  const queue = bullBatchQueue({ connection: redis, shards: stores.shards })
  lifecycle.onClose('queues', () => queue.close())

  const limits = limitsOf(config)
  const onFault = (err: unknown, planId: string) => log.warn({ err, planId }, 'submission fault')
  const submitDeps: SubmitDeps = {
    ...stores,
    queue,
    limits,
    executors: executors.byName,
    defaultExecutor: executors.defaultName,
    modelAvailable: options.modelAvailable,
    workspaces,
    schemaProblem,
    preflight: (plan, tasks) => preflight({ workspaces }, plan, tasks),
    planGoal: undefined,
    sha256: (text) => createHash('sha256').update(text).digest(),
    randomBytes,
    planIdFrom: (bytes) => planIdFrom(bytes, config.TUTTI_SHARDS),
    onFault,
  }
  const readDeps = { ...stores, waiting: waitingOn(feed) }
  const changeDeps = { ...readDeps, queue, preparing: submitDeps, newToken: randomUUID, onFault }

  const api: Api = {
    plans: {
      ...readPlans(readDeps),
      ...changePlans(changeDeps),
      async submit(submission) {
        const { planId, created } = await submitPlan(submitDeps, submission)
        const record = await requirePlan(readDeps, submission.tenant, planId)
        return { plan: planView(record, { waves: true }), created }
      },
      dryRun: (submission) => dryRun(submitDeps, submission),
    },
    tasks: { ...readTasks(readDeps), ...changeTasks(changeDeps) },
    syntheses: { ...readSyntheses(readDeps), ...changeSyntheses(changeDeps) },
    events: followPlans({ ...readDeps, feed }),
    system: {
      executors: () => ({
        default: executors.defaultName,
        defaultModel: config.TUTTI_MODEL ?? null,
        items: [...executors.byName.values()].map((executor) => executor.describe()),
      }),
      async ready() {
        try {
          return (await redis.ping()) === 'PONG'
        } catch {
          return false
        }
      },
    },
  }
  return { api, queue, limits }
}
