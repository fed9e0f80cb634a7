import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { pricesWith } from '../../core/budget/prices.ts'
import type { Limits } from '../../core/contract/limits.ts'
import type { BatchQueue } from '../../core/ports/queue.ts'
import type { Tracer } from '../../core/ports/tracing.ts'
import type { Workspaces } from '../../core/ports/workspaces.ts'
import { checkPlan } from '../../core/preflight/check-plan.ts'
import type { SubmitDeps } from '../../core/submit/submit-plan.ts'
import type { SchemaChecks } from '../../executors/output/schema-checks.ts'
import { planIdFrom } from '../../store/keys.ts'
import { tracedSubmission } from '../../tracing/traced-submission.ts'
import type { Config } from '../config.ts'
import type { Executors } from './open-executors.ts'
import type { Stores } from './open-stores.ts'

export function limitsOf(config: Config): Limits {
  return {
    maxTasks: config.TUTTI_MAX_TASKS,
    maxBodyBytes: config.TUTTI_MAX_BODY_BYTES,
    maxPromptChars: config.TUTTI_MAX_PROMPT_CHARS,
    maxContextChars: config.TUTTI_MAX_CONTEXT_CHARS,
  }
}

function tenantLimitsOf(config: Config, { tenantUse }: Stores): SubmitDeps['tenantLimits'] {
  const { TUTTI_TENANT_MAX_RUNNING: maxRunning, TUTTI_TENANT_MAX_PLANS: maxPlans } = config
  if (maxRunning === undefined && maxPlans === undefined) return undefined
  return { limits: { maxRunning, maxPlans }, use: tenantUse }
}

/**
 * Dependencies for submitting, the same on the API's own thread and on the one for large bodies.
 */
export function submitDepsOf(options: {
  config: Config
  stores: Stores
  queue: BatchQueue
  executors: Executors
  workspaces: Workspaces
  schemas: Pick<SchemaChecks, 'problem'>
  tracer: Tracer
  log: Logger
}): SubmitDeps {
  const { config, stores, executors, workspaces, log } = options
  const pricing = {
    executors: executors.byName,
    prices: pricesWith(config.TUTTI_PRICES),
    defaultModel: config.TUTTI_MODEL,
  }
  return tracedSubmission(options.tracer, {
    ...stores,
    queue: options.queue,
    limits: limitsOf(config),
    ...pricing,
    defaultExecutor: executors.defaultName,
    modelAvailable: executors.synthesizer !== undefined,
    workspaces,
    schemaProblem: (schema) => options.schemas.problem(schema),
    webhooksAvailable: config.TUTTI_WEBHOOK_SECRET !== undefined,
    checkPlan: (plan, tasks, options) =>
      checkPlan(
        {
          workspaces,
          ...pricing,
        },
        plan,
        tasks,
        options,
      ),
    planner: executors.planner,
    programs: executors.programs,
    rounds: { latest: 0 },
    sha256: (text) => createHash('sha256').update(text).digest(),
    randomBytes,
    tenantLimits: tenantLimitsOf(config, stores),
    planIdFrom: (bytes) => planIdFrom(bytes, config.TUTTI_SHARDS),
    pause: (ms) => delay(ms),
    onFault: (err, planId) => log.warn({ err, planId }, 'submission fault'),
  })
}
