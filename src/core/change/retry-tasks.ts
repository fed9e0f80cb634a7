import { type SealDeps, sealBatch } from '../batch/release-units.ts'
import { laneOfUnit } from '../batch/units.ts'
import { ServiceError } from '../contract/errors.ts'
import { isEnded } from '../contract/status.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import { type BatchQueue, finalSynthesisJobId, type Unit } from '../ports/queue.ts'
import type { PlanRecord, TaskState } from '../ports/records.ts'
import type { RetryBatch, TaskLife } from '../ports/task-life.ts'
import { allTasks, type ReadDeps } from '../read/require-plan.ts'
import { withinLimits } from '../submit/tenant-limits.ts'

export interface RetryDeps extends SealDeps, Pick<ReadDeps, 'plans' | 'tasks'> {
  plans: PlanStore
  life: TaskLife
  queue: BatchQueue
  tenantLimits: Parameters<typeof withinLimits>[0]
}

interface Task {
  spec: TaskSpec
  state: TaskState
}

/** Retries of one plan that are asked for at the same moment come one after the other. */
const MOST_TRIES = 50

/**
 * Runs ended tasks again: those chosen, and those that were skipped because one of them had not
 * succeeded. They are enqueued as a batch of their own, with a synthesis behind it, which becomes
 * the next version.
 *
 * @throws {ServiceError} task-not-finished when a task of them runs, or depends on one that has not
 *   succeeded and is not retried, or one that runs uses the output of one of them; quota-exceeded when the tenant has too many unfinished tasks.
 */
export async function retryTasks(
  deps: RetryDeps,
  record: PlanRecord,
  isChosen: (state: TaskState, taskId: string) => boolean,
): Promise<void> {
  const planId = record.spec.id
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const firstUnit = await deps.life.nextUnit(planId)
    const tasks = await tasksToRetry(deps, planId, isChosen)
    if (tasks.length === 0) return
    const batch: RetryBatch = {
      firstUnit,
      tasks: tasks.map(({ spec: { id, waitsFor = [], priority } }) => ({
        taskId: id,
        waitsFor,
        priority,
      })),
    }
    const { tenant } = record.spec
    const more = { tenant, planId, tasks: tasks.length, plans: 0 } as const
    const requeued = await withinLimits(deps.tenantLimits, more, () =>
      deps.life.requeue(planId, batch),
    )
    if (requeued.status === 'queued') return enqueueRetry(deps, record, batch)
    if (requeued.status === 'gone') {
      throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
    }
    if (requeued.status === 'not-ended') throw notFinished(requeued.taskId, 'has not ended')
    if (requeued.status === 'in-use') {
      const { taskId, by } = requeued
      throw notFinished(
        by,
        `has not ended, and it uses the output of ${taskId}: retry ${taskId} when it has`,
      )
    }
    // Another one came first. If its process died on the way, this finishes what it began.
    const other = await deps.plans.unfinishedRetry(planId)
    if (other !== undefined) await enqueueRetry(deps, record, other)
  }
  throw new ServiceError(
    'task-not-finished',
    'Other tasks of the plan are being retried at this moment; ask again.',
    { retryAfterSeconds: 1 },
  )
}

async function tasksToRetry(
  deps: Pick<ReadDeps, 'plans' | 'tasks'>,
  planId: string,
  isChosen: (state: TaskState, taskId: string) => boolean,
): Promise<Task[]> {
  const all = new Map<string, Task>()
  for await (const task of allTasks(deps, planId)) all.set(task.spec.id, task)
  const chosen = new Set<string>()
  for (const [id, { state }] of all) {
    if (isEnded(state.status) && isChosen(state, id)) chosen.add(id)
  }
  /** What it depends on that will not have succeeded when the chosen ones have run. */
  const missing = (task: Task | undefined) =>
    task?.spec.waitsFor?.find((id) => {
      const status = all.get(id)?.state.status
      return !chosen.has(id) && status !== undefined && isEnded(status) && status !== 'succeeded'
    })
  for (const id of chosen) {
    const other = missing(all.get(id))
    if (other === undefined) continue
    throw notFinished(
      other,
      `is ${all.get(other)?.state.status}, and ${id} depends on it: retry that one, and ${id} runs after it`,
    )
  }
  // Until no more follow: those that were skipped because of one that runs again.
  let size = -1
  while (size !== chosen.size) {
    size = chosen.size
    for (const [id, task] of all) {
      const follows =
        task.state.status === 'skipped' && task.spec.waitsFor?.some((other) => chosen.has(other))
      if (follows && missing(task) === undefined) chosen.add(id)
    }
  }
  return [...all.values()].filter(({ spec }) => chosen.has(spec.id))
}

function notFinished(taskId: string, why: string): ServiceError {
  return new ServiceError('task-not-finished', `The task ${taskId} ${why}.`)
}

/** Enqueues a retry that was stored. Doing so again changes nothing. */
export async function enqueueRetry(
  deps: SealDeps & { queue: Pick<BatchQueue, 'enqueueBatch'> },
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
      held: isHeld(waitsFor, record),
    }
  })
  // The number of the first unit makes the id new for each retry, and the same for a repetition.
  const jobId = finalSynthesisJobId(planId, firstUnit)
  await deps.queue.enqueueBatch({ planId, jobId, kind: 'final' }, units)
  await sealBatch(deps, record, firstUnit)
}

/** Whether its job waits for a release: for another task, or for the limit of the plan. */
function isHeld(waitsFor: readonly string[], record: PlanRecord): boolean {
  return waitsFor.length > 0 || record.spec.units.limit !== null
}
