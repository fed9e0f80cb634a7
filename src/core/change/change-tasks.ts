import type { TasksApi } from '../contract/api.ts'
import { taskDetail } from '../read/read-tasks.ts'
import { requireTask } from '../read/require-plan.ts'
import { cancelTasks } from './cancel-tasks.ts'
import { type ChangeDeps, planToChange, refuseWithoutMoney } from './change-deps.ts'
import { postMessage } from './post-message.ts'
import { requireRunnable, retryTasks } from './retry-tasks.ts'

export function changeTasks(deps: ChangeDeps): Pick<TasksApi, 'cancel' | 'retry' | 'message'> {
  return {
    async cancel(tenant, planId, taskId) {
      const record = await planToChange(deps, tenant, planId)
      await requireTask(deps, planId, taskId)
      await cancelTasks(deps, record, { tasks: [taskId] })
      return taskDetail(deps, tenant, planId, taskId)
    },

    message: (message) => postMessage(deps, message),

    async retry(tenant, planId, taskId) {
      const record = await planToChange(deps, tenant, planId)
      await requireTask(deps, planId, taskId)
      refuseWithoutMoney(record)
      await retryTasks(deps, record, (tasks) => requireRunnable(tasks, new Set([taskId])))
      return taskDetail(deps, tenant, planId, taskId)
    },
  }
}
