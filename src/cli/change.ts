import type { Context } from './context.ts'
import { EXIT } from './exit-code.ts'
import { followPlan } from './follow-plan.ts'
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

/** Goes on with a plan that its budget stopped, with a larger one. @returns The exit code. */
export async function resume(
  { terminal, quick, patient }: Context,
  planId: string,
  { budget, json, wait }: { budget: number; json: boolean; wait: boolean },
): Promise<number> {
  const plan = await quick.plans.resume(planId, budget)
  if (wait) return followPlan(terminal, patient, plan, { json, onInterrupt: 'leave' })
  if (json) terminal.out(JSON.stringify(plan, null, 2))
  else terminal.note('the plan goes on; a new version of the synthesis follows')
  return EXIT.succeeded
}

/** Shows a plan to its end. @returns The exit code. */
export async function watch(
  { terminal, quick, patient }: Context,
  planId: string,
  { json }: { json: boolean },
): Promise<number> {
  const plan = await quick.plans.get(planId)
  return followPlan(terminal, patient, plan, { json, onInterrupt: 'leave' })
}
