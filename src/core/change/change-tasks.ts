import { releaseUnits } from '../batch/release-units.ts'
import type { TasksApi } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { taskDetail } from '../read/read-tasks.ts'
import { requirePlan, requireTask } from '../read/require-plan.ts'
import { type ChangeDeps, refuseWithoutMoney } from './change-deps.ts'
import { requireRunnable, retryTasks } from './retry-tasks.ts'

export function changeTasks(deps: ChangeDeps): Pick<TasksApi, 'cancel' | 'retry'> {
  return {
    async cancel(tenant, planId, taskId) {
      const record = await requirePlan(deps, tenant, planId)
      const { status, released } = await deps.life.cancel(planId, taskId)
      switch (status) {
        case 'gone':
          throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
        case 'unknown':
          throw new ServiceError('task-not-found', `The plan has no task ${taskId.slice(0, 80)}.`)
        case 'ended':
          throw new ServiceError('task-finished', 'The task has ended; there is nothing to cancel.')
        case 'cancelled':
        case 'cancelling':
          await releaseUnits(deps, record, released)
          return taskDetail(deps, tenant, planId, taskId)
      }
    },

    async retry(tenant, planId, taskId) {
      const record = await requirePlan(deps, tenant, planId)
      await requireTask(deps, planId, taskId)
      refuseWithoutMoney(record)
      await retryTasks(deps, record, (tasks) => requireRunnable(tasks, new Set([taskId])))
      return taskDetail(deps, tenant, planId, taskId)
    },
  }
}
