import type { Context } from './context.ts'
import { EXIT } from './exit-code.ts'
import { followPlan } from './follow-plan.ts'

/** Runs an ended task again. @returns The exit code. */
export async function retry(
  { terminal, quick, patient }: Context,
  planId: string,
  taskId: string,
  { json, wait }: { json: boolean; wait: boolean },
): Promise<number> {
  const task = await quick.tasks.retry(planId, taskId)
  if (wait) {
    const plan = await quick.plans.get(planId)
    return followPlan(terminal, patient, plan, { json, onInterrupt: 'leave' })
  }
  if (json) terminal.out(JSON.stringify(task, null, 2))
  else terminal.note(`${taskId} runs again; a new version of the synthesis follows`)
  return EXIT.succeeded
}
