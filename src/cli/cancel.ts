import type { Context } from './context.ts'
import { EXIT } from './exit-code.ts'
import { ended } from './format.ts'

/** Cancels a plan, or one of its tasks. @returns The exit code. */
export async function cancel(
  { terminal, quick }: Context,
  planId: string,
  taskId: string | undefined,
  { json }: { json: boolean },
): Promise<number> {
  if (taskId !== undefined) {
    const task = await quick.tasks.cancel(planId, taskId)
    if (json) terminal.out(JSON.stringify(task, null, 2))
    else
      terminal.note(`${taskId} is ${task.status === 'running' ? 'being cancelled' : task.status}`)
    return EXIT.succeeded
  }
  const plan = await quick.plans.cancel(planId)
  if (json) terminal.out(JSON.stringify(plan, null, 2))
  else
    terminal.note(
      `plan ${plan.status}; ${ended(plan.counts)} tasks have ended, their outputs are kept`,
    )
  return EXIT.succeeded
}
