import type { RetryOptions } from '../../client/plans.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { followPlan } from '../follow-plan.ts'

/** Runs ended tasks again, all of them or none. @returns The exit code. */
export async function retry(
  { terminal, quick, patient }: Context,
  planId: string,
  taskIds: readonly string[],
  {
    status,
    json,
    wait,
  }: { status?: RetryOptions['status'] | undefined; json: boolean; wait: boolean },
): Promise<number> {
  const [taskId] = taskIds
  const isOne = taskIds.length === 1 && status === undefined
  const answer =
    isOne && taskId !== undefined
      ? await quick.tasks.retry(planId, taskId)
      : await quick.plans.retry(planId, {
          ...(taskIds.length === 0 ? {} : { tasks: [...taskIds] }),
          ...(status === undefined ? {} : { status }),
        })
  if (wait) {
    const plan = await quick.plans.get(planId)
    return followPlan(terminal, patient, plan, { json, onInterrupt: 'leave' })
  }
  if (json) terminal.out(JSON.stringify(answer, null, 2))
  else if (isOne) terminal.note(`${taskId} runs again; a new version of the synthesis follows`)
  else terminal.note('the tasks run again; a new version of the synthesis follows')
  return EXIT.succeeded
}
