import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { followPlan } from '../follow-plan.ts'

/** Continues a plan that its budget stopped, with a larger budget. @returns The exit code. */
export async function resume(
  { terminal, quick, patient }: Context,
  planId: string,
  { budget, json, wait }: { budget: number; json: boolean; wait: boolean },
): Promise<number> {
  const plan = await quick.plans.resume(planId, budget)
  if (wait) return followPlan(terminal, patient, plan, { json, onInterrupt: 'leave' })
  if (json) terminal.out(JSON.stringify(plan, null, 2))
  else terminal.note('the plan continues; a new version of the synthesis follows')
  return EXIT.succeeded
}
