import { ServiceError } from '../contract/errors.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { PlanRecord, TaskState } from '../ports/records.ts'
import type { SynthesisStore } from '../ports/synthesis-store.ts'
import type { TaskStore } from '../ports/task-life.ts'
import { shorten } from '../text/shorten.ts'
import type { ChangeWaiters } from './change-waiters.ts'
import { inPages } from './pages.ts'
import type { WaitingDeps } from './waiting-for.ts'

export interface ReadDeps {
  plans: PlanStore
  tasks: TaskStore
  syntheses: SynthesisStore
  waiting: ChangeWaiters
  standing: WaitingDeps['standing']
}

export async function requirePlan(
  deps: Pick<ReadDeps, 'plans'>,
  tenant: string,
  planId: string,
): Promise<PlanRecord> {
  const record = await deps.plans.get(planId)
  // Another tenant's plan is treated as missing, so that ids cannot be probed.
  if (record === undefined || record.spec.tenant !== tenant) {
    throw new ServiceError('plan-not-found', `There is no plan ${shorten(planId, 80, '…')}.`)
  }
  return record
}

/** @throws {ServiceError} task-not-found */
export async function requireTask(
  deps: Pick<ReadDeps, 'tasks'>,
  planId: string,
  taskId: string,
): Promise<{ spec: TaskSpec; state: TaskState }> {
  const [[spec], [state]] = await Promise.all([
    deps.tasks.specs(planId, [taskId]),
    deps.tasks.states(planId, [taskId]),
  ])
  if (spec === undefined || state === undefined) {
    throw new ServiceError('task-not-found', `The plan has no task ${shorten(taskId, 80, '…')}.`)
  }
  return { spec, state }
}

export async function* allTasks(
  deps: Pick<ReadDeps, 'plans' | 'tasks'>,
  planId: string,
): AsyncGenerator<{ spec: TaskSpec; state: TaskState }> {
  const ids = await deps.plans.taskIds(planId)
  for await (const some of inPages(deps.tasks, planId, ids)) {
    const [specs, states] = await Promise.all([
      deps.tasks.specs(planId, some),
      deps.tasks.states(planId, some),
    ])
    for (const [index, spec] of specs.entries()) {
      const state = states[index]
      if (spec !== undefined && state !== undefined) yield { spec, state }
    }
  }
}
