import type { CancelOptions } from '../../client/plans.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { ended } from '../format.ts'

/** Cancels a plan, or some of its tasks. @returns The exit code. */
export async function cancel(
  { terminal, quick }: Context,
  planId: string,
  taskIds: readonly string[],
  { status, json }: { status?: CancelOptions['status'] | undefined; json: boolean },
): Promise<number> {
  const [taskId] = taskIds
  if (taskId !== undefined && taskIds.length === 1 && status === undefined) {
    const task = await quick.tasks.cancel(planId, taskId)
    if (json) terminal.out(JSON.stringify(task, null, 2))
    else
      terminal.note(`${taskId} is ${task.status === 'running' ? 'being cancelled' : task.status}`)
    return EXIT.succeeded
  }
  const isWhole = taskId === undefined && status === undefined
  const plan = await quick.plans.cancel(planId, {
    ...(taskId === undefined ? {} : { tasks: [...taskIds] }),
    ...(status === undefined ? {} : { status }),
  })
  if (json) terminal.out(JSON.stringify(plan, null, 2))
  else if (isWhole)
    terminal.note(
      `plan ${plan.status}; ${ended(plan.counts)} tasks have ended, their outputs are kept`,
    )
  else terminal.note(`the tasks are being cancelled; the plan is ${plan.status}`)
  return EXIT.succeeded
}
