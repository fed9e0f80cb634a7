import { type ReleaseDeps, sealBatch } from '../batch/release-units.ts'
import { initialUnits, unitsOf } from '../batch/units.ts'
import type { Submission } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import { type BatchQueue, finalSynthesisJobId } from '../ports/queue.ts'
import type { NewPlan, PlanRecord, PlanSpec } from '../ports/records.ts'
import type { TaskStore } from '../ports/task-life.ts'
import {
  type PrepareDeps,
  type PreparedPlan,
  parseSubmission,
  preparePlan,
} from './prepare-plan.ts'
import { type TenantLimits, type TenantUse, withinLimits } from './tenant-limits.ts'

/** A plan whose tasks all write one file has far more pairs than anyone reads. */
const MOST_STORED_OVERLAPS = 500

export interface SubmitDeps extends PrepareDeps {
  plans: PlanStore
  tasks: TaskStore
  life: ReleaseDeps['life']
  queue: BatchQueue
  /** The round of fair queueing that this process last heard of; a little behind is near enough. */
  rounds: { latest: number }
  /** SHA-256 as 32 bytes. */
  sha256: (text: string) => Uint8Array
  randomBytes: (count: number) => Uint8Array
  planIdFrom: (bytes: Uint8Array) => string
  /** Absent where tenants have no limits. */
  tenantLimits?: { limits: TenantLimits; use: TenantUse } | undefined
  /** Something that the caller need not hear of; for the log. */
  onFault: (error: unknown, planId: string) => void
}

/**
 * Checks a submission as a whole, stores it and enqueues its batch. With an idempotency key the plan's
 * id follows from the key, so that a repetition finds the plan, and finishes what a first attempt
 * that was cut short has begun.
 */
export async function submitPlan(
  deps: SubmitDeps,
  submission: Submission,
): Promise<{ record: PlanRecord; created: boolean }> {
  const parsed = parseSubmission(deps.limits, submission.body)
  const requestHash = hex(deps.sha256(parsed.canonical))
  const planId = planIdOf(deps, submission)
  if (submission.idempotencyKey !== undefined) {
    // Before anything else is looked at: a repetition is not checked against what has changed since.
    const known = await deps.plans.requestHash(planId)
    if (known !== undefined) return repeated(deps, planId, known, requestHash)
  }
  const prepared = await preparePlan(deps, parsed.plan)
  const plan = newPlan(prepared, planId, requestHash, submission)
  const { tenant } = submission
  return withinLimits(
    deps.tenantLimits,
    { tenant, planId, tasks: plan.tasks.length, plans: 1 },
    async () => {
      if (submission.idempotencyKey === undefined && deps.plans.createsInOneStep(plan)) {
        return submitAtOnce(deps, plan)
      }
      const stored = await deps.plans.create(plan)
      if (stored.status === 'exists') return repeated(deps, planId, stored.requestHash, requestHash)
      await enqueue(deps, plan.spec, plan.tasks, stored.round)
      return { record: newRecord(plan, stored.createdAt), created: true }
    },
  )
}

/**
 * Stores and enqueues in one go: nobody else can know a random id. Both go down one connection in this
 * order, so a worker that takes a task finds the plan; and if only one of the two succeeds, it is undone,
 * or its jobs find no plan and end.
 */
async function submitAtOnce(
  deps: SubmitDeps,
  plan: NewPlan,
): Promise<{ record: PlanRecord; created: boolean }> {
  const storing = deps.plans.create(plan)
  const enqueueing = enqueue(deps, plan.spec, plan.tasks, deps.rounds.latest)
  const [stored, enqueued] = await Promise.allSettled([storing, enqueueing])
  if (stored.status === 'rejected') throw stored.reason
  if (enqueued.status === 'rejected') throw enqueued.reason
  if (stored.value.status === 'exists') throw new Error('a random plan id was taken')
  deps.rounds.latest = stored.value.round
  return { record: newRecord(plan, stored.value.createdAt), created: true }
}

function planIdOf(deps: SubmitDeps, { tenant, idempotencyKey }: Submission): string {
  return deps.planIdFrom(
    idempotencyKey === undefined
      ? deps.randomBytes(16)
      : deps.sha256(`${tenant}\0${idempotencyKey}`).slice(0, 16),
  )
}

async function repeated(
  deps: SubmitDeps,
  planId: string,
  known: string,
  requestHash: string,
): Promise<{ record: PlanRecord; created: boolean }> {
  if (known !== requestHash) {
    throw new ServiceError(
      'idempotency-key-reused',
      'This Idempotency-Key was used with another body. Use a new key for a new plan.',
    )
  }
  if (!(await deps.plans.isEnqueued(planId))) await enqueueStored(deps, planId)
  const record = await deps.plans.get(planId)
  if (record === undefined) {
    throw new ServiceError(
      'plan-not-found',
      'The plan of this Idempotency-Key was deleted just now.',
    )
  }
  return { record, created: false }
}

/** Enqueues a plan whose submission was cut short between the two steps. */
export async function enqueueStored(
  deps: Pick<SubmitDeps, 'plans' | 'tasks' | 'queue' | 'life' | 'onFault'>,
  planId: string,
): Promise<void> {
  const record = await deps.plans.get(planId)
  if (record === undefined) return
  const ids = await deps.plans.taskIds(planId)
  const specs = await deps.tasks.specs(planId, ids)
  const tasks = specs.filter((spec) => spec !== undefined)
  await enqueue(deps, record.spec, tasks, 0)
}

async function enqueue(
  deps: Pick<SubmitDeps, 'plans' | 'queue' | 'life' | 'onFault'>,
  spec: PlanSpec,
  tasks: readonly TaskSpec[],
  round: number,
): Promise<void> {
  const { released } = initialUnits(tasks, spec.units, dependenciesOf(tasks))
  const free = new Set(released)
  const units = unitsOf(spec, tasks, { round, held: (unit) => !free.has(unit) })
  const jobId = finalSynthesisJobId(spec.id, 0)
  try {
    await deps.queue.enqueueBatch({ planId: spec.id, jobId, kind: 'final' }, units)
  } catch (error) {
    // Nothing may be left of a plan that was refused. If the store is away, the sweeper does it.
    await deps.plans.delete(spec.id, spec.tenant).catch((e: unknown) => deps.onFault(e, spec.id))
    throw error
  }
  // Not waited for: the batch is durable, and the sweeper can tell so without the mark.
  sealBatch(deps, { spec }, 0).catch((error: unknown) => deps.onFault(error, spec.id))
}

function dependenciesOf(tasks: readonly TaskSpec[]): Map<string, string[]> {
  return new Map(
    tasks.flatMap(({ id, waitsFor }) =>
      waitsFor === undefined || waitsFor.length === 0 ? [] : [[id, waitsFor]],
    ),
  )
}

function newPlan(
  prepared: PreparedPlan,
  planId: string,
  requestHash: string,
  { tenant, traceparent }: Submission,
): NewPlan {
  const { plan, tasks, waves, overlaps, units, files } = prepared
  const { workspace } = plan
  return {
    spec: {
      id: planId,
      tenant,
      title: prepared.title,
      mode: plan.mode,
      policy: plan.policy,
      workspace:
        workspace === undefined || !('files' in workspace) ? workspace : { files: true as const },
      isolate: plan.policy.onOverlap === 'isolate',
      synthesis: plan.synthesis,
      webhook: plan.webhook,
      metadata: plan.metadata,
      waves,
      ...(overlaps.length > 0 ? { overlaps: overlaps.slice(0, MOST_STORED_OVERLAPS) } : {}),
      units,
      traceparent,
    },
    context: plan.context ?? '',
    tasks,
    files,
    usage: prepared.usage,
    requestHash,
    dependencies: dependenciesOf(tasks),
  }
}

/** The plan as it stands before anything has happened to it: saves reading it back. */
function newRecord({ spec, tasks, usage }: NewPlan, createdAt: number): PlanRecord {
  return {
    spec,
    counts: {
      queued: tasks.length,
      running: 0,
      succeeded: 0,
      incomplete: 0,
      failed: 0,
      cancelled: 0,
      skipped: 0,
    },
    usage,
    createdAt,
    startedAt: undefined,
    finishedAt: undefined,
    outcome: undefined,
    expiresAt: undefined,
    stop: undefined,
    budgetUsd: spec.policy.budgetUsd,
    held: { reservedUsd: 0, unknownUsd: 0 },
    synthesis: { status: spec.synthesis === false ? 'disabled' : 'pending', version: 0 },
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
