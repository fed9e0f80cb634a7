import { ServiceError } from '../contract/errors.ts'
import type { Message } from '../contract/steps.ts'
import { requireTask } from '../read/require-plan.ts'
import { type ChangeDeps, planToChange } from './change-deps.ts'

/**
 * Sends a message to the agent of a task, which reads it before its next step.
 *
 * @throws {ServiceError} plan-not-found, task-not-found, task-finished, messages-not-read, too-many-messages
 */
export async function postMessage(
  deps: Pick<ChangeDeps, 'plans' | 'tasks' | 'steps' | 'newToken' | 'preparing'>,
  {
    tenant,
    planId,
    taskId,
    text,
  }: { tenant: string; planId: string; taskId: string; text: string },
): Promise<Message> {
  await planToChange(deps, tenant, planId)
  const { spec } = await requireTask(deps, planId, taskId)
  const executor = deps.preparing.executors.get(spec.executor)
  if (executor?.describe().capabilities.readsMessages !== true) {
    throw new ServiceError(
      'messages-not-read',
      `The task's executor, ${spec.executor}, does not read messages.`,
    )
  }
  const id = deps.newToken()
  const status = await deps.steps.post(planId, taskId, { id, text })
  switch (status) {
    case 'gone':
      throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
    case 'unknown':
      throw new ServiceError('task-not-found', `The plan has no task ${taskId}.`)
    case 'ended':
      throw new ServiceError(
        'task-finished',
        `The task ${taskId} has ended and reads no more messages.`,
      )
    case 'too-many':
      throw new ServiceError(
        'too-many-messages',
        `The task ${taskId} has not read the messages before this one.`,
      )
    case 'posted':
      return { id, text }
  }
}
