import { ServiceError } from './errors.ts'
import { type BatchQueue, finalSynthesisJobId, type Unit } from './queue.ts'
import { allTasks, type ReadDeps } from './read-plans.ts'
import { isEnded } from './status.ts'
import type { PlanStore, RetryBatch, TaskLife } from './store.ts'
import type { PlanRecord, TaskState } from './stored.ts'
import type { TaskSpec } from './submission.ts'
import { withinLimits } from './tenant-limits.ts'
import { laneOfUnit } from './units.ts'

/**
 * Runs ended tasks again: those chosen, and those that were skipped because one of them had not
 * succeeded. They are enqueued as a batch of their own, with a synthesis behind it, which becomes
 * the next version.
 *
 * @throws {ServiceError} task-not-finished when one of them runs, or another retry came first;
 *   quota-exceeded when the tenant has too many unfinished tasks.
 */
export async function retryTasks(
  deps: Pick<ReadDeps, 'plans' | 'tasks'> & {
    life: TaskLife
    queue: BatchQueue
    tenantLimits: Parameters<typeof withinLimits>[0]
  },
  record: PlanRecord,
  isChosen: (state: TaskState, taskId: string) => boolean,
): Promise<void> {
  const planId = record.spec.id
  const all: { spec: TaskSpec; state: TaskState }[] = []
  for await (const task of allTasks(deps, planId)) all.push(task)
  const chosen = new Set(
    all
      .filter(({ spec, state }) => isEnded(state.status) && isChosen(state, spec.id))
      .map(({ spec }) => spec.id),
  )
  addSkipped(all, chosen)
  const tasks = all.filter(({ spec }) => chosen.has(spec.id))
  if (tasks.length === 0) return
  const batch: RetryBatch = {
    firstUnit: await deps.life.nextUnit(planId),
    tasks: tasks.map(({ spec }) => ({
      taskId: spec.id,
      waitsFor: (spec.waitsFor ?? []).filter((id) => chosen.has(id)).length,
      priority: spec.priority,
    })),
  }
  const { tenant } = record.spec
  const more = { tenant, planId, tasks: tasks.length, plans: 0 } as const
  const requeued = await withinLimits(deps.tenantLimits, more, () =>
    deps.life.requeue(planId, batch),
  )
  if (requeued.status === 'gone') {
    throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
  }
  if (requeued.status !== 'queued') {
    throw new ServiceError(
      'task-not-finished',
      'A task of it has not ended; it cannot be retried yet.',
    )
  }
  await enqueueRetry(deps, record, batch)
}

/** Enqueues a retry that was stored. Doing so again changes nothing. */
export async function enqueueRetry(
  deps: { plans: Pick<PlanStore, 'markEnqueued'>; queue: Pick<BatchQueue, 'enqueueBatch'> },
  record: PlanRecord,
  { firstUnit, tasks }: RetryBatch,
): Promise<void> {
  const planId = record.spec.id
  const units = tasks.map(({ taskId, waitsFor, priority }, index): Unit => {
    const unit = firstUnit + index
    return {
      planId,
      unit,
      lane: laneOfUnit(record.spec.units, unit),
      taskIds: [taskId],
      width: 'all',
      planTasks: tasks.length,
      round: 0,
      priority,
      held: waitsFor > 0,
    }
  })
  // The number of the first unit makes the id new for each retry, and the same for a repetition.
  const jobId = finalSynthesisJobId(planId, firstUnit)
  await deps.queue.enqueueBatch({ planId, jobId, kind: 'final' }, units)
  await deps.plans.markEnqueued(planId)
}

/** Adds, again and again, the skipped tasks that wait for one that is retried. */
function addSkipped(
  all: readonly { spec: TaskSpec; state: TaskState }[],
  chosen: Set<string>,
): void {
  let size = -1
  while (size !== chosen.size) {
    size = chosen.size
    for (const { spec, state } of all) {
      const waits = spec.waitsFor ?? []
      if (state.status === 'skipped' && waits.some((id) => chosen.has(id))) chosen.add(spec.id)
    }
  }
}
