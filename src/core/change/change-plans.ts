import { releaseUnits } from '../batch/release-units.ts'
import { BUDGET_EXHAUSTED } from '../budget/allowance.ts'
import type { PlansApi } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { isEnded, type TaskStatus } from '../contract/status.ts'
import type { RetryTasks } from '../contract/task-selection.ts'
import { planView } from '../read/plan-views.ts'
import { requirePlan } from '../read/require-plan.ts'
import { addTasks } from './add-tasks.ts'
import { cancelTasks, unknownTask } from './cancel-tasks.ts'
import { type ChangeDeps, isOutOfMoney, planToChange, refuseWithoutMoney } from './change-deps.ts'
import { deletePlan } from './delete-plan.ts'
import { onlyRunnable, requireRunnable, retryTasks, type Tasks } from './retry-tasks.ts'

export function changePlans(
  deps: ChangeDeps,
): Pick<PlansApi, 'cancel' | 'retry' | 'add' | 'delete' | 'resume'> {
  return {
    async cancel(tenant, planId, tasks = {}) {
      const record = await planToChange(deps, tenant, planId)
      if (tasks.tasks !== undefined || tasks.status !== undefined) {
        await cancelTasks(deps, record, tasks)
        return planView(await requirePlan(deps, tenant, planId), { waves: true })
      }
      if (record.outcome !== undefined) {
        throw new ServiceError('plan-finished', `The plan has finished: it is ${record.outcome}.`)
      }
      const { released } = await deps.life.stop(planId, 'cancelled', 'The plan was cancelled.')
      // Frees the jobs of tasks that will never run, instead of leaving them to the sweeper.
      releaseUnits(deps, record, released).catch((error: unknown) => deps.onFault(error, planId))
      return planView(await requirePlan(deps, tenant, planId), { waves: true })
    },

    async retry(tenant, planId, selection) {
      const record = await planToChange(deps, tenant, planId)
      refuseWithoutMoney(record)
      await retryTasks(deps, record, (tasks) => requireRunnable(tasks, selected(tasks, selection)))
      return planView(await requirePlan(deps, tenant, planId), { waves: true })
    },

    async add(addition) {
      const { created } = await addTasks(deps, addition)
      const record = await requirePlan(deps, addition.tenant, addition.planId)
      return { plan: planView(record, { waves: true }), created }
    },

    async delete(tenant, planId) {
      const record = await planToChange(deps, tenant, planId)
      await deletePlan(deps, record)
    },

    async resume(tenant, planId, budgetUsd) {
      const record = await planToChange(deps, tenant, planId)
      if (!isOutOfMoney(record)) {
        throw new ServiceError('plan-not-finished', 'The plan was not stopped by its budget.')
      }
      // A task that depends on one that failed for another reason runs when that one is retried.
      const stopped = (tasks: Tasks) => onlyRunnable(tasks, stoppedByBudget(tasks))
      await retryTasks(deps, record, stopped, budgetUsd)
      return planView(await requirePlan(deps, tenant, planId), { waves: true })
    },
  }
}

function stoppedByBudget(tasks: Tasks): Set<string> {
  const stopped = [...tasks.values()].filter(
    ({ state }) => isEnded(state.status) && state.error?.code === BUDGET_EXHAUSTED,
  )
  return new Set(stopped.map(({ spec }) => spec.id))
}

const UNSUCCESSFUL: TaskStatus[] = ['incomplete', 'failed', 'cancelled', 'skipped']

/** @throws {ServiceError} invalid-request; task-not-finished if no task matches */
function selected(tasks: Tasks, { tasks: ids, status }: RetryTasks): Set<string> {
  const unknown = ids?.find((id) => !tasks.has(id))
  if (unknown !== undefined) throw unknownTask(ids, unknown)
  const wanted: TaskStatus[] | undefined = status ?? (ids === undefined ? UNSUCCESSFUL : undefined)
  const chosen = [...(ids ?? tasks.keys())].filter((id) => {
    const task = tasks.get(id)
    return task !== undefined && (wanted?.includes(task.state.status) ?? true)
  })
  if (chosen.length > 0) return new Set(chosen)
  throw new ServiceError(
    'task-not-finished',
    `None of the tasks is ${wanted?.join(' or ')}; there is nothing to run again.`,
  )
}
