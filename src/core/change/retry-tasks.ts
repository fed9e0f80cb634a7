import { type SealDeps, sealBatch } from '../batch/release-units.ts'
import { JOBS_AT_ONCE, laneOfTask } from '../batch/units.ts'
import { ServiceError } from '../contract/errors.ts'
import { invalid } from '../contract/field-errors.ts'
import { writesOf } from '../contract/files-written.ts'
import { isEnded, type TaskStatus } from '../contract/status.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import { type BatchQueue, finalSynthesisJobId, type Unit } from '../ports/queue.ts'
import type { PlanRecord, TaskState } from '../ports/records.ts'
import type { OutputUser, RetriedTask, RetryBatch, TaskLife } from '../ports/task-life.ts'
import { allTasks, type ReadDeps } from '../read/require-plan.ts'
import { withinLimits } from '../submit/tenant-limits.ts'

export interface RetryDeps extends SealDeps, Pick<ReadDeps, 'plans' | 'tasks'> {
  plans: PlanStore
  life: TaskLife
  queue: BatchQueue
  tenantLimits: Parameters<typeof withinLimits>[0]
}

interface Task {
  /** Index in the plan. */
  index: number
  spec: TaskSpec
  state: TaskState
}

/** All tasks of a plan, by id, in plan order. */
export type Tasks = ReadonlyMap<string, Task>

/** Simultaneous retries of one plan run one after the other. */
const MOST_TRIES = 50

/**
 * Runs ended tasks again: those that `choose` returns, and those that were skipped because one of
 * these had not succeeded. Tasks that ended with an output of one of them, directly or not, wait for
 * it, and run again if their inputs have changed. All are enqueued as a separate batch, followed by a synthesis that
 * becomes the next version. `budgetUsd` raises the plan's budget in the same step, even if there is
 * nothing to run.
 *
 * @param choose Called again if something changed in between. It returns only ended tasks, together
 * with all their dependencies that have not succeeded; it throws if that is impossible.
 * @throws {ServiceError} task-not-finished if a running task uses the output of one of them;
 * quota-exceeded if the tenant has too many unfinished tasks; invalid-request for a budget that is
 * already spent.
 */
export async function retryTasks(
  deps: RetryDeps,
  record: PlanRecord,
  choose: (tasks: Tasks) => Set<string>,
  budgetUsd?: number,
): Promise<void> {
  const planId = record.spec.id
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const firstUnit = await deps.life.nextUnit(planId)
    const tasks = await readAll(deps, planId)
    const running = withFollowers(tasks, choose(tasks))
    const chosen = withUsers(tasks, running)
    const batch: RetryBatch = {
      firstUnit,
      tasks: [...tasks.values()]
        .filter(({ spec }) => chosen.has(spec.id))
        .map(({ spec, state, index }) => ({
          taskId: spec.id,
          waitsFor: spec.waitsFor ?? [],
          priority: spec.priority,
          lane: laneOfTask(record.spec.units, index),
          ...(!running.has(spec.id) && USED.includes(state.status)
            ? { ifChanged: inputsOf(spec) }
            : {}),
        })),
    }
    const requeued = await requeue(deps, record, batch, {
      budgetUsd,
      timeoutMs: record.spec.policy.timeoutMs,
      users: usersOf(tasks, chosen),
    })
    switch (requeued.status) {
      case 'queued':
        if (batch.tasks.length > 0) await enqueueRetry(deps, record, batch)
        return
      case 'gone':
        throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
      case 'spent': {
        const detail = `must be more than the ${requeued.spentUsd} already spent`
        throw invalid([{ pointer: '/budgetUsd', detail }])
      }
      case 'in-use': {
        const { taskId, by } = requeued
        throw notFinished(
          by,
          `has not ended, and it uses the output of ${taskId}, which may change: retry when it has`,
        )
      }
      case 'changed': {
        // Another retry came first. If its process died midway, this finishes what it began.
        const other = await deps.plans.unfinishedRetry(planId)
        if (other !== undefined) await enqueueRetry(deps, record, other)
      }
    }
  }
  throw new ServiceError(
    'task-not-finished',
    'Other tasks of the plan are being retried right now; try again.',
    { retryAfterSeconds: 1 },
  )
}

function requeue(
  deps: RetryDeps,
  { spec }: PlanRecord,
  batch: RetryBatch,
  options: Parameters<TaskLife['requeue']>[2],
): ReturnType<TaskLife['requeue']> {
  const { id: planId, tenant } = spec
  const { firstUnit, tasks } = batch
  return withinLimits(deps.tenantLimits, { tenant, planId, tasks: tasks.length, firstUnit }, () =>
    deps.life.requeue(planId, batch, options),
  )
}

async function readAll(deps: Pick<ReadDeps, 'plans' | 'tasks'>, planId: string): Promise<Tasks> {
  const tasks = new Map<string, Task>()
  for await (const task of allTasks(deps, planId)) {
    tasks.set(task.spec.id, { ...task, index: tasks.size })
  }
  return tasks
}

/** A dependency of the task that ended without success and is not about to run again. */
function missing(tasks: Tasks, chosen: ReadonlySet<string>, taskId: string): string | undefined {
  return tasks.get(taskId)?.spec.waitsFor?.find((id) => {
    const status = tasks.get(id)?.state.status
    return !chosen.has(id) && status !== undefined && isEnded(status) && status !== 'succeeded'
  })
}

/**
 * Checks a choice that a caller made by id.
 *
 * @throws {ServiceError} task-not-finished if one of the tasks has not ended, or depends on one
 * that did not succeed and is not being retried.
 */
export function requireRunnable(tasks: Tasks, chosen: Set<string>): Set<string> {
  for (const id of chosen) {
    const status = tasks.get(id)?.state.status ?? 'queued'
    if (!isEnded(status)) throw notFinished(id, `is ${status}; it cannot be retried yet`)
  }
  for (const id of chosen) {
    const other = missing(tasks, chosen, id)
    if (other === undefined) continue
    throw notFinished(
      other,
      `is ${tasks.get(other)?.state.status}, and ${id} depends on it: retry that one, and ${id} runs after it`,
    )
  }
  return chosen
}

/** Removes tasks that cannot run, and their dependents, from a choice that was not made by id. */
export function onlyRunnable(tasks: Tasks, chosen: Set<string>): Set<string> {
  const waiting = dependentsOf(tasks, (task) => chosen.has(task.spec.id))
  const left = new Set([...chosen].filter((id) => missing(tasks, chosen, id) !== undefined))
  // Iterating over a set includes values that are added during the iteration.
  for (const id of left) for (const dependent of waiting.get(id) ?? []) left.add(dependent)
  return chosen.difference(left)
}

/** Tasks that have not ended and depend on some that are to run again. */
function usersOf(tasks: Tasks, chosen: ReadonlySet<string>): OutputUser[] {
  return [...tasks.values()].flatMap(({ spec, state }) => {
    if (isEnded(state.status)) return []
    const uses = spec.waitsFor?.filter((id) => chosen.has(id)) ?? []
    return uses.length > 0 ? [{ taskId: spec.id, uses }] : []
  })
}

/** Adds the tasks that were skipped because of one that runs again. */
function withFollowers(tasks: Tasks, chosen: ReadonlySet<string>): Set<string> {
  const skipped = dependentsOf(tasks, ({ state }) => state.status === 'skipped')
  const all = new Set(chosen)
  for (const id of all) {
    for (const dependent of skipped.get(id) ?? []) {
      if (missing(tasks, all, dependent) === undefined) all.add(dependent)
    }
  }
  return all
}

/** How a task can have used an output: by its end. One that was cancelled or skipped is left alone. */
const USED: TaskStatus[] = ['succeeded', 'incomplete', 'failed']

/** Adds the tasks that ended with an output of one that runs again, directly or not. */
function withUsers(tasks: Tasks, chosen: ReadonlySet<string>): Set<string> {
  const users = dependentsOf(tasks, ({ state }) => USED.includes(state.status))
  const all = new Set(chosen)
  for (const id of all) {
    for (const user of users.get(id) ?? []) {
      if (missing(tasks, all, user) === undefined) all.add(user)
    }
  }
  return withFollowers(tasks, all)
}

function inputsOf(spec: TaskSpec): NonNullable<RetriedTask['ifChanged']> {
  const read = new Set(spec.dependsOn)
  return {
    writes: writesOf(spec).length > 0,
    behind: (spec.waitsFor ?? []).filter((id) => !read.has(id)),
  }
}

/** For each task, those of some tasks that depend on it. */
function dependentsOf(tasks: Tasks, isOne: (task: Task) => boolean): Map<string, string[]> {
  const dependents = new Map<string, string[]>()
  for (const task of tasks.values()) {
    if (!isOne(task)) continue
    for (const other of task.spec.waitsFor ?? []) {
      const known = dependents.get(other)
      if (known === undefined) dependents.set(other, [task.spec.id])
      else known.push(task.spec.id)
    }
  }
  return dependents
}

function notFinished(taskId: string, why: string): ServiceError {
  return new ServiceError('task-not-finished', `The task ${taskId} ${why}.`)
}

/** Enqueues a stored retry. Repeating this changes nothing. */
export async function enqueueRetry(
  deps: SealDeps & { queue: Pick<BatchQueue, 'enqueueBatch'> },
  record: PlanRecord,
  { firstUnit, round, tasks }: RetryBatch,
): Promise<void> {
  const planId = record.spec.id
  const units = tasks.map(({ taskId, waitsFor, priority, lane }, index): Unit => {
    const unit = firstUnit + index
    return {
      planId,
      unit,
      lane,
      taskIds: [taskId],
      bundle: 0,
      width: 'all',
      planTasks: tasks.length,
      round: round === undefined ? 0 : round + index,
      priority,
      held: tasks.length > JOBS_AT_ONCE || isHeld(waitsFor, record),
      writesSynthesis: false,
    }
  })
  // The first unit's number makes the id unique per retry and stable when repeated.
  const jobId = finalSynthesisJobId(planId, firstUnit)
  await deps.queue.enqueueBatch({ planId, jobId, kind: 'final' }, units)
  const { status, releasing } = await sealBatch(deps, record, firstUnit, {
    all: units.map(({ unit }) => unit),
    held: units.flatMap(({ unit, held }) => (held ? [unit] : [])),
  })
  await releasing
  if (status === 'gone') throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
}

/** Whether its job waits for a release, because of another task or the plan's limit. */
function isHeld(waitsFor: readonly string[], record: PlanRecord): boolean {
  return waitsFor.length > 0 || record.spec.units.limit !== null
}
