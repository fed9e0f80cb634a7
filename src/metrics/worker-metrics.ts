import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { TaskSpec } from '../core/contract/task-spec.ts'
import type { Usage } from '../core/contract/usage.ts'
import type { DeliveryStore } from '../core/deliver/webhooks.ts'
import type { PartStore, SynthesisStore } from '../core/ports/synthesis-store.ts'
import type { TaskLife } from '../core/ports/task-life.ts'

const WAIT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600]
const RUN_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600]

/** Callers name models freely; beyond this many, they are counted together. */
const MOST_MODELS = 100
/** Plans whose tenant is remembered. */
const MOST_PLANS = 10_000

/** The tenant of a plan; `undefined` if the plan is gone. */
type TenantReader = (planId: string) => Promise<string | undefined>

export interface WorkerMetrics {
  /** The same ports, with counting of what this worker does. */
  life(life: TaskLife): TaskLife
  syntheses(syntheses: SynthesisStore): SynthesisStore
  parts(parts: PartStore): PartStore
  deliveries(deliveries: DeliveryStore): DeliveryStore
  /** Says how it is found out whose plan it was that cost something. */
  readTenants(read: TenantReader): void
  /** A provider asked for a pause, or for fewer concurrent calls. */
  providerHeld: () => void
}

/** Counts what one worker has done since it started. `slots` is read at each scrape. */
export function workerMetrics(
  registry: Registry,
  options: {
    slots: () => { lane: string; used: number; total: number }[]
    /** Tokens are counted for the task's model, or for this one. */
    defaultModel: string | undefined
  },
): WorkerMetrics {
  const registers = [registry]
  const finished = new Counter({
    name: 'tutti_tasks_finished_total',
    help: 'Tasks that ended in this worker. Those skipped or cancelled before they began are not counted.',
    labelNames: ['status', 'executor'],
    registers,
  })
  const attempts = new Counter({
    name: 'tutti_task_attempts_total',
    help: 'Attempts that ended in this worker, by outcome; `lost` are those of dead workers whose tasks it took over.',
    labelNames: ['outcome'],
    registers,
  })
  const waited = new Histogram({
    name: 'tutti_task_queue_wait_seconds',
    help: 'From when a task could first have run to when it did.',
    buckets: WAIT_BUCKETS,
    registers,
  })
  const ran = new Histogram({
    name: 'tutti_task_run_seconds',
    help: 'One attempt at a task, from its beginning to its end.',
    labelNames: ['executor'],
    buckets: RUN_BUCKETS,
    registers,
  })
  const tokens = new Counter({
    name: 'tutti_tokens_total',
    help: 'Tokens of tasks and syntheses. `input` holds those that were read from or written to a cache.',
    labelNames: ['kind', 'model'],
    registers,
  })
  const cost = new Counter({
    name: 'tutti_cost_usd_total',
    help: 'What those tokens cost at known prices, in US dollars, by tenant.',
    labelNames: ['tenant'],
    registers,
  })
  const holds = new Counter({
    name: 'tutti_provider_holds_total',
    help: 'Calls after which a provider had to be given a pause (429 or 529).',
    registers,
  })
  const delivered = new Counter({
    name: 'tutti_webhook_deliveries_total',
    help: 'Attempts to deliver a webhook: delivered, retried (failed, another follows) or failed for good.',
    labelNames: ['status'],
    registers,
  })
  gaugeOfSlots(
    registry,
    'tutti_slots',
    'Maximum number of tasks that this worker runs at the same time.',
    () => options.slots().map(({ lane, total }) => ({ lane, value: total })),
  )
  gaugeOfSlots(registry, 'tutti_slots_used', 'Tasks that this worker runs now.', () =>
    options.slots().map(({ lane, used }) => ({ lane, value: used })),
  )

  const models = new Set<string>()
  function modelLabel(model: string): string {
    if (models.size < MOST_MODELS) models.add(model)
    return models.has(model) ? model : 'other'
  }
  const tenants = new Map<string, string>()
  let readTenant: TenantReader = async () => undefined
  /** Read once a plan, and only for plans that cost something. */
  async function tenantOf(planId: string): Promise<string> {
    const known = tenants.get(planId)
    if (known !== undefined) return known
    // Money is counted even if nobody can say whose it was.
    const tenant = (await readTenant(planId).catch(() => undefined)) ?? 'unknown'
    if (tenants.size >= MOST_PLANS) tenants.clear()
    tenants.set(planId, tenant)
    return tenant
  }
  function charge(planId: string, usd: number): void {
    if (usd > 0) void tenantOf(planId).then((tenant) => cost.inc({ tenant }, usd))
  }
  function spend(planId: string, usage: Usage | undefined, model: string): void {
    if (usage === undefined) return
    const kinds: [string, number][] = [
      ['input', usage.inputTokens],
      ['output', usage.outputTokens],
      ['cache_read', usage.cacheReadTokens],
      ['cache_write', usage.cacheWriteTokens],
    ]
    for (const [kind, count] of kinds) {
      if (count > 0) tokens.inc({ kind, model: modelLabel(model) }, count)
    }
    charge(planId, usage.costUsd)
  }

  return {
    life(life) {
      const running = new Map<string, { spec: TaskSpec; at: number }>()
      return {
        ...life,
        async begin(task) {
          const begun = await life.begin(task)
          if ('lost' in begun && begun.lost > 0) attempts.inc({ outcome: 'lost' }, begun.lost)
          if (begun.status === 'begun') {
            running.set(task.token, { spec: begun.spec, at: performance.now() })
            if (begun.attempt === 1) waited.observe(begun.waitedMs / 1_000)
          }
          return begun
        },
        async end(end) {
          const attempt = running.get(end.token)
          running.delete(end.token)
          const endedAt = performance.now()
          const answer = await life.end(end)
          if (answer.status !== 'recorded' || attempt === undefined) return answer
          const { executor, model } = attempt.spec
          attempts.inc({ outcome: end.outcome })
          ran.observe({ executor }, (endedAt - attempt.at) / 1_000)
          spend(end.planId, end.usage, end.answeredBy ?? model ?? options.defaultModel ?? 'none')
          if (end.status !== 'queued') finished.inc({ status: end.status, executor })
          return answer
        },
      }
    },
    syntheses: (syntheses) => ({
      ...syntheses,
      async finish(planId, jobId, result) {
        const answer = await syntheses.finish(planId, jobId, result)
        if (answer === 'stored') {
          spend(planId, result.usage, result.synthesis?.model ?? options.defaultModel ?? 'none')
        }
        return answer
      },
    }),
    parts: (parts) => ({
      ...parts,
      async keep(job, part, usage) {
        const answer = await parts.keep(job, part, usage)
        if (answer === 'kept')
          spend(job.planId, usage, job.of.model ?? options.defaultModel ?? 'none')
        return answer
      },
    }),
    deliveries: (deliveries) => ({
      ...deliveries,
      async settle(planId, delivery, dueInMs) {
        await deliveries.settle(planId, delivery, dueInMs)
        delivered.inc({ status: delivery.status === 'pending' ? 'retried' : delivery.status })
      },
    }),
    readTenants(read) {
      readTenant = read
    },
    providerHeld: () => holds.inc(),
  }
}

function gaugeOfSlots(
  registry: Registry,
  name: string,
  help: string,
  read: () => { lane: string; value: number }[],
): void {
  new Gauge({
    name,
    help,
    labelNames: ['lane'],
    registers: [registry],
    collect() {
      for (const { lane, value } of read()) this.set({ lane }, value)
    },
  })
}
