import { releaseUnits } from '../batch/release-units.ts'
import { BUDGET_EXHAUSTED } from '../budget/allowance.ts'
import type { PlansApi } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { isEnded } from '../contract/status.ts'
import { planView } from '../read/plan-views.ts'
import { requirePlan } from '../read/require-plan.ts'
import { type ChangeDeps, isOutOfMoney } from './change-deps.ts'
import { deletePlan } from './delete-plan.ts'
import { onlyRunnable, retryTasks, type Tasks } from './retry-tasks.ts'

export function changePlans(deps: ChangeDeps): Pick<PlansApi, 'cancel' | 'delete' | 'resume'> {
  return {
    async cancel(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      if (record.outcome !== undefined) {
        throw new ServiceError('plan-finished', `The plan has finished: it is ${record.outcome}.`)
      }
      const { released } = await deps.life.stop(planId, 'cancelled', 'The plan was cancelled.')
      // Jobs of tasks that will never run; without this the sweeper would get to them.
      releaseUnits(deps, record, released).catch((error: unknown) => deps.onFault(error, planId))
      return planView(await requirePlan(deps, tenant, planId), { waves: true })
    },

    async delete(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      await deletePlan(deps, record)
    },

    async resume(tenant, planId, budgetUsd) {
      const record = await requirePlan(deps, tenant, planId)
      if (!isOutOfMoney(record)) {
        throw new ServiceError('plan-not-finished', 'The plan was not stopped by its budget.')
      }
      // What waits for a task that failed for another reason runs when that one is retried.
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
