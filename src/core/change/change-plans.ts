import { releaseUnits } from '../batch/release-units.ts'
import type { PlansApi } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { invalid } from '../contract/field-errors.ts'
import { planView } from '../read/plan-views.ts'
import { requirePlan } from '../read/require-plan.ts'
import type { ChangeDeps } from './change-deps.ts'
import { deletePlan } from './delete-plan.ts'
import { retryTasks } from './retry-tasks.ts'

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
      if (record.stop?.code !== 'budget-exhausted') {
        throw new ServiceError('plan-not-finished', 'The plan was not stopped by its budget.')
      }
      const gone = record.usage.costUsd + record.held.unknownUsd
      if (budgetUsd <= gone) {
        const detail = `must be more than the ${gone} already spent`
        throw invalid([{ pointer: '/budgetUsd', detail }])
      }
      await deps.plans.setBudget(planId, budgetUsd)
      await retryTasks(deps, record, (task) => task.error?.code === 'budget-exhausted')
      return planView(await requirePlan(deps, tenant, planId), { waves: true })
    },
  }
}
