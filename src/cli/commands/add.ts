import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { followPlan } from '../follow-plan.ts'
import type { PlanFile } from '../plan-file.ts'

/** Adds the tasks of a file to a plan, all of them or none. @returns The exit code. */
export async function add(
  { terminal, quick, patient }: Context,
  planId: string,
  { plan: { tasks = [] } }: PlanFile,
  {
    idempotencyKey,
    json,
    wait,
  }: { idempotencyKey?: string | undefined; json: boolean; wait: boolean },
): Promise<number> {
  const plan = await quick.plans.add(planId, tasks, { idempotencyKey })
  if (wait) return followPlan(terminal, patient, plan, { json, onInterrupt: 'leave' })
  if (json) terminal.out(JSON.stringify(plan, null, 2))
  else terminal.note(`the plan now has ${plan.counts.total} tasks; a new synthesis follows`)
  return EXIT.succeeded
}
