import { releaseUnits } from '../batch/release-units.ts'
import { ServiceError } from '../contract/errors.ts'
import { invalid } from '../contract/field-errors.ts'
import type { CancelTasks } from '../contract/task-selection.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { ChangeDeps } from './change-deps.ts'

/**
 * Cancels some tasks of a plan, all or none. The rest of the plan goes on.
 *
 * @throws {ServiceError} invalid-request for an unknown task id; task-finished
 */
export async function cancelTasks(
  deps: Pick<ChangeDeps, 'life' | 'queue'>,
  record: PlanRecord,
  tasks: CancelTasks,
): Promise<void> {
  const planId = record.spec.id
  const cancelled = await deps.life.cancel(planId, tasks)
  switch (cancelled.status) {
    case 'gone':
      throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
    case 'unknown':
      throw unknownTask(tasks.tasks, cancelled.taskId)
    case 'ended':
      throw new ServiceError(
        'task-finished',
        cancelled.taskId === undefined
          ? `None of the tasks is ${tasks.status?.join(' or ')}; there is nothing to cancel.`
          : `The task ${cancelled.taskId} has ended; there is nothing to cancel.`,
      )
    case 'cancelled':
      await releaseUnits(deps, record, cancelled.released)
  }
}

export function unknownTask(ids: readonly string[] = [], taskId: string | undefined): ServiceError {
  const pointer = `/tasks/${ids.indexOf(taskId ?? '')}`
  return invalid([{ pointer, detail: 'is not the id of a task in the plan' }])
}
