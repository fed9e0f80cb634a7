import { stringify } from 'safe-stable-stringify'
import type { PlanAddition } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { Addition, TaskLife } from '../ports/task-life.ts'
import { allTasks, requirePlan } from '../read/require-plan.ts'
import { digestOf, requireSameRequest } from '../submit/idempotency.ts'
import {
  type GrowingPlan,
  type PrepareAdditionDeps,
  type PreparedAddition,
  parseAddition,
  prepareAddition,
} from '../submit/prepare-addition.ts'
import { withinLimits } from '../submit/tenant-limits.ts'
import { type ChangeDeps, planToChange, refuseWithoutMoney } from './change-deps.ts'
import { enqueueRetry } from './retry-tasks.ts'

export interface AddDeps
  extends Pick<
    ChangeDeps,
    'plans' | 'tasks' | 'life' | 'queue' | 'newToken' | 'sha256' | 'tenantLimits'
  > {
  preparing: PrepareAdditionDeps
}

/** Simultaneous changes of one plan happen one after the other. */
const MOST_TRIES = 50

/**
 * Adds tasks to a plan, whether it runs or has finished, all or none: they are checked together with those it has,
 * stored in one step, and enqueued as one batch, followed by a new version of the synthesis. Without a key, one is made
 * up, so that a step that the store is asked for twice happens once.
 *
 * @returns Whether the tasks are new: `false` if the key was used before, for the same tasks.
 * @throws {ServiceError} invalid-request, overlapping-tasks, task-not-finished, plan-stopped, budget-exceeded,
 * quota-exceeded, idempotency-key-reused
 */
export async function addTasks(
  deps: AddDeps,
  { tenant, planId, body, idempotencyKey }: PlanAddition,
): Promise<{ created: boolean }> {
  await planToChange(deps, tenant, planId)
  const submitted = parseAddition(deps.preparing.limits, body)
  const requestHash = digestOf(deps, stringify(body) ?? '')
  const key = digestOf(deps, idempotencyKey ?? deps.newToken())
  // This comes first: a repeat is not checked against later changes.
  const known = idempotencyKey && (await deps.life.added(planId, key))
  if (known !== undefined && known !== '') {
    await finishKnown(deps, tenant, planId, { known, requestHash })
    return { created: false }
  }
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const firstUnit = await deps.life.nextUnit(planId)
    const growing = await growingPlan(deps, tenant, planId)
    const { record } = growing
    refuseWithoutMoney(record)
    if (record.stop !== undefined) throw stopped(record)
    const prepared = await prepareAddition(deps.preparing, growing, submitted)
    const round = await deps.life.round(planId)
    const addition = additionOf(growing, prepared, { firstUnit, round, key, requestHash })
    const added = await store(deps, record, addition)
    switch (added.status) {
      case 'queued':
        await enqueueRetry(deps, await requirePlan(deps, tenant, planId), addition.batch)
        return { created: true }
      case 'known': {
        await finishKnown(deps, tenant, planId, { known: added.requestHash, requestHash })
        return { created: idempotencyKey === undefined }
      }
      case 'gone':
        throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
      case 'stopped':
      case 'changed':
        // Another batch came first. If its process died midway, this finishes what it began.
        await finishUnfinished(deps, record)
    }
  }
  throw new ServiceError(
    'unavailable',
    'Other tasks of the plan are being added or retried right now; try again.',
    { retryAfterSeconds: 1 },
  ).withNothingBegun()
}

function stopped({ spec, stop }: PlanRecord): ServiceError {
  return new ServiceError(
    'plan-stopped',
    `The plan ${spec.id} was stopped, so it takes no more tasks: ${stop?.message ?? ''}`,
  )
}

async function growingPlan(
  deps: Pick<AddDeps, 'plans' | 'tasks'>,
  tenant: string,
  planId: string,
): Promise<GrowingPlan> {
  const [record, context] = await Promise.all([
    requirePlan(deps, tenant, planId),
    deps.plans.context(planId),
  ])
  const { workspace } = record.spec
  const isInline = workspace !== undefined && 'files' in workspace
  const tasks: GrowingPlan['tasks'][number][] = []
  for await (const { spec, state } of allTasks(deps, planId)) {
    tasks.push({ spec, status: state.status })
  }
  return { record, context, files: isInline ? await deps.plans.files(planId) : {}, tasks }
}

function additionOf(
  { record, tasks }: GrowingPlan,
  { specs, growth }: PreparedAddition,
  {
    firstUnit,
    round,
    ...key
  }: { firstUnit: number; round: number; key: string; requestHash: string },
): Addition {
  const { lanes } = growth.added
  const all = [...tasks.map(({ spec }) => spec), ...specs]
  return {
    ...key,
    batch: {
      firstUnit,
      round,
      tasks: specs.map(({ id, waitsFor = [], priority }, index) => ({
        taskId: id,
        waitsFor,
        priority,
        lane: lanes[lanes.length - specs.length + index] ?? 'io',
      })),
    },
    specs,
    taskIds: all.map(({ id }) => id),
    growth,
    dependents: dependentsOf(all, new Set(specs.flatMap(({ waitsFor = [] }) => waitsFor))),
    timeoutMs: record.spec.policy.timeoutMs,
  }
}

/** For each of some tasks, all that wait for it. */
function dependentsOf(
  all: readonly { id: string; waitsFor?: string[] }[],
  some: ReadonlySet<string>,
): Map<string, string[]> {
  const dependents = new Map([...some].map((id) => [id, [] as string[]]))
  for (const { id, waitsFor = [] } of all) {
    for (const other of waitsFor) dependents.get(other)?.push(id)
  }
  return dependents
}

function store(
  deps: AddDeps,
  { spec: { id: planId, tenant } }: PlanRecord,
  addition: Addition,
): ReturnType<TaskLife['add']> {
  const { firstUnit, tasks } = addition.batch
  return withinLimits(deps.tenantLimits, { tenant, planId, tasks: tasks.length, firstUnit }, () =>
    deps.life.add(planId, addition),
  )
}

/** A repeat of an addition that was stored: its batch may still have to be enqueued. */
async function finishKnown(
  deps: AddDeps,
  tenant: string,
  planId: string,
  { known, requestHash }: { known: string; requestHash: string },
): Promise<void> {
  requireSameRequest(known, requestHash)
  await finishUnfinished(deps, await requirePlan(deps, tenant, planId))
}

async function finishUnfinished(deps: AddDeps, record: PlanRecord): Promise<void> {
  const batch = await deps.plans.unfinishedRetry(record.spec.id)
  if (batch !== undefined) await enqueueRetry(deps, record, batch)
}
