import { releaseUnits, type SealDeps, sealBatch } from '../batch/release-units.ts'
import { initialUnits, unitsOf } from '../batch/units.ts'
import type { Submission } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import { type BatchQueue, finalSynthesisJobId, type Unit } from '../ports/queue.ts'
import type { NewPlan, PlanKey, PlanRecord, PlanSpec } from '../ports/records.ts'
import { requireComparedPlan } from './compared-plan.ts'
import { type Digests, digestOf, hex, requireSameRequest } from './idempotency.ts'
import { keptSubmission } from './kept-submission.ts'
import {
  type PrepareDeps,
  type PreparedPlan,
  parseSubmission,
  preparePlan,
} from './prepare-plan.ts'
import { type TenantLimits, type TenantUse, withinLimits } from './tenant-limits.ts'

/** A plan whose tasks all write one file has far more pairs than anyone will read. */
const MOST_STORED_OVERLAPS = 500

export interface SubmitDeps extends PrepareDeps, Digests {
  plans: PlanStore
  life: SealDeps['life']
  queue: BatchQueue
  /** The latest round of fair queueing that this process knows of; it may lag a little. */
  rounds: { latest: number }
  randomBytes: (count: number) => Uint8Array
  planIdFrom: (bytes: Uint8Array) => string
  pause: (ms: number) => Promise<unknown>
  /** Absent if tenants have no limits. */
  tenantLimits?: { limits: TenantLimits; use: TenantUse } | undefined
  /** For the log: faults that do not concern the caller. */
  onFault: (error: unknown, planId: string) => void
}

/**
 * How long a submission may take from being stored to being enqueued before a repeat replaces it.
 */
const GIVE_UP_MS = 5_000
const LOOK_AGAIN_MS = 100
/** How often repeats that replace each other at the same time are retried. */
const MOST_TRIES = 5

interface Submitted {
  record: PlanRecord
  created: boolean
}

/**
 * Checks a submission as a whole, stores it and enqueues its batch. The id is random and never
 * reused; an Idempotency-Key is kept for as long as the plan exists, so that a repeat finds the
 * plan. A repeat that finds an interrupted submission waits for it a while and then takes its
 * place.
 */
export async function submitPlan(deps: SubmitDeps, submission: Submission): Promise<Submitted> {
  const parsed = parseSubmission(deps.limits, submission.body)
  const requestHash = digestOf(deps, parsed.canonical)
  const key = keyOf(deps, submission)
  // This comes first: a repeat is not checked against later changes.
  const known = key && (await keyedPlan(deps, key, submission.tenant, requestHash))
  if (known !== undefined) return known
  await requireComparedPlan(deps.plans, submission.tenant, parsed.plan)
  const prepared = await preparePlan(deps, parsed.plan)
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const plan = newPlan(prepared, newPlanId(deps, key), key, requestHash, submission)
    try {
      const submitted = await submitNew(deps, plan)
      if (submitted !== undefined) return submitted
    } catch (error) {
      // The tasks that exhaust a tenant's limit may be those of the same submission, sent twice at
      // once.
      const isFull = error instanceof ServiceError && error.code === 'quota-exceeded'
      const other = isFull && key && (await keyedPlan(deps, key, submission.tenant, requestHash))
      if (other) return other
      throw error
    }
    const other = key && (await keyedPlan(deps, key, submission.tenant, requestHash))
    if (other !== undefined) return other
  }
  throw new ServiceError('unavailable', GIVEN_UP, { retryAfterSeconds: 1 }).withNothingBegun()
}

const GIVEN_UP =
  'The submission took too long and was abandoned; nothing of it is kept. Send it again.'

/**
 * Stores and enqueues the plan and has it accepted; only then are callers told. If any step fails,
 * everything is undone. `undefined`: another plan has the same key, or this one was given up
 * meanwhile.
 */
async function submitNew(deps: SubmitDeps, plan: NewPlan): Promise<Submitted | undefined> {
  const { tenant, id: planId } = plan.spec
  const asked = { tenant, planId, tasks: plan.tasks.length }
  return withinLimits(deps.tenantLimits, asked, async () => {
    try {
      const stored = await storeAndEnqueue(deps, plan)
      if (stored.status === 'exists') return undefined
      deps.rounds.latest = stored.round
      const { status, releasing } = await sealBatch(deps, plan, 0, {
        all: stored.units.map(({ unit }) => unit),
        held: stored.units.flatMap(({ unit, held }) => (held ? [unit] : [])),
      })
      // Not awaited: the sweeper releases whatever this does not.
      releasing.catch((error: unknown) => deps.onFault(error, planId))
      if (status === 'gone') return undefined
      return { record: newRecord(plan, stored.createdAt), created: true }
    } catch (error) {
      const end = await undone(deps, plan)
      if (end === 'accepted') {
        const record = await deps.plans.get(planId)
        if (record !== undefined) return { record, created: true }
      }
      throw end === 'undone' && error instanceof ServiceError ? error.withNothingBegun() : error
    }
  })
}

type Stored =
  | { status: 'exists' }
  | { status: 'created'; createdAt: number; round: number; units: Unit[] }

async function storeAndEnqueue(deps: SubmitDeps, plan: NewPlan): Promise<Stored> {
  if (plan.key === undefined && deps.plans.createsInOneStep(plan)) {
    // Both at once: nobody else can know a random id. They are sent on one connection in this
    // order, so a worker that takes a task finds the plan.
    const storing = deps.plans.create(plan)
    const enqueueing = enqueue(deps, plan, deps.rounds.latest)
    const [stored, enqueued] = await Promise.allSettled([storing, enqueueing])
    if (stored.status === 'rejected') throw stored.reason
    if (enqueued.status === 'rejected') throw enqueued.reason
    if (stored.value.status === 'exists') throw new Error('a random plan id was taken')
    return { ...stored.value, units: enqueued.value }
  }
  const stored = await deps.plans.create(plan)
  if (stored.status === 'exists') return { status: 'exists' }
  return { ...stored, units: await enqueue(deps, plan, stored.round) }
}

/** The first batch of a plan, as jobs. */
function firstUnits({ spec, tasks, initial }: NewPlan, round: number): Unit[] {
  const free = new Set(initial.released)
  return unitsOf(spec, tasks, { round, held: (unit) => !free.has(unit) })
}

async function enqueue(deps: SubmitDeps, plan: NewPlan, round: number): Promise<Unit[]> {
  const units = firstUnits(plan, round)
  const { id: planId } = plan.spec
  const jobId = finalSynthesisJobId(planId, 0)
  await deps.queue.enqueueBatch({ planId, jobId, kind: 'final' }, units)
  return units
}

/**
 * Removes every trace of a plan that was refused. `accepted`: it had already been accepted.
 * `unknown`: the store is down, and the sweeper will do it when it finds a plan that nobody was
 * told about, or jobs without a plan.
 */
async function undone(deps: SubmitDeps, plan: NewPlan): Promise<'undone' | 'accepted' | 'unknown'> {
  const { id: planId, tenant } = plan.spec
  try {
    const { status } = await deps.plans.settleSubmission(
      { planId, tenant },
      { giveUpAfterMs: 0, isPartial: true },
    )
    if (status === 'accepted') return status
    await deps.queue.remove(planId, firstUnits(plan, 0), 0)
    return 'undone'
  } catch (error) {
    deps.onFault(error, planId)
    return 'unknown'
  }
}

function keyOf(
  deps: Pick<SubmitDeps, 'sha256'>,
  { tenant, idempotencyKey }: Submission,
): PlanKey | undefined {
  if (idempotencyKey === undefined) return undefined
  const digest = deps.sha256(`${tenant}\0${idempotencyKey}`)
  return { digest: hex(digest), shardBytes: digest.slice(0, 2) }
}

function newPlanId(deps: SubmitDeps, key: PlanKey | undefined): string {
  const bytes = deps.randomBytes(16)
  if (key !== undefined) bytes.set(key.shardBytes)
  return deps.planIdFrom(bytes)
}

/**
 * The plan that was stored under a key, once it is accepted. `undefined`: there is none, or its
 * submission was interrupted and has now been removed.
 */
async function keyedPlan(
  deps: SubmitDeps,
  key: PlanKey,
  tenant: string,
  requestHash: string,
): Promise<Submitted | undefined> {
  const known = await deps.plans.ofKey(key)
  if (known === undefined) return undefined
  requireSameRequest(known.requestHash, requestHash)
  const { planId } = known
  while (true) {
    const settled = await deps.plans.settleSubmission(
      { planId, tenant },
      { giveUpAfterMs: GIVE_UP_MS },
    )
    if (settled.status === 'pending') {
      await deps.pause(LOOK_AGAIN_MS)
      continue
    }
    const record = settled.status === 'gone' ? undefined : await deps.plans.get(planId)
    if (record === undefined || settled.status !== 'accepted') return undefined
    releaseUnits(deps, record, settled.released).catch((error: unknown) =>
      deps.onFault(error, planId),
    )
    return { record, created: false }
  }
}

function newPlan(
  prepared: PreparedPlan,
  planId: string,
  key: PlanKey | undefined,
  requestHash: string,
  { tenant, traceparent, body }: Submission,
): NewPlan {
  const { plan, tasks, waves, overlaps, units, files } = prepared
  const { workspace } = plan
  return {
    key,
    spec: {
      id: planId,
      tenant,
      title: prepared.title,
      mode: plan.mode,
      policy: plan.policy,
      workspace:
        workspace === undefined || !('files' in workspace) ? workspace : { files: true as const },
      ...(workspace?.verify === undefined ? {} : { verifyEdits: workspace.verify }),
      isolate: plan.policy.onOverlap === 'isolate',
      synthesis: plan.synthesis,
      webhook: plan.webhook,
      metadata: plan.metadata,
      waves,
      ...(overlaps.length > 0 ? { overlaps: overlaps.slice(0, MOST_STORED_OVERLAPS) } : {}),
      ...estimateOf(prepared),
      ...(plan.cache === undefined ? {} : { cache: plan.cache }),
      units,
      traceparent,
    },
    context: plan.context ?? '',
    tasks,
    files,
    usage: prepared.usage,
    requestHash,
    submission: keptSubmission(body),
    initial: initialUnits(tasks, units),
  }
}

function estimateOf({ estimate: { costUsd } }: PreparedPlan): Pick<PlanSpec, 'estimate'> {
  return costUsd === null || costUsd.high === 0 ? {} : { estimate: costUsd }
}

/** The record of a plan that has not started. Saves reading it back. */
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
    reopened: 0,
    outcome: undefined,
    expiresAt: undefined,
    stop: undefined,
    editsProblem: undefined,
    budgetUsd: spec.policy.budgetUsd,
    held: { reservedUsd: 0, unknownUsd: 0 },
    synthesis: { status: spec.synthesis === false ? 'disabled' : 'pending', version: 0 },
    isPreliminary: false,
  }
}
