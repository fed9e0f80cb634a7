import type { Context } from '../context.ts'
import { followPlan } from '../follow-plan.ts'

/** Shows a plan's progress until it ends. @returns The exit code. */
export async function watch(
  { terminal, quick, patient }: Context,
  planId: string,
  { json }: { json: boolean },
): Promise<number> {
  const plan = await quick.plans.get(planId)
  return followPlan(terminal, patient, plan, { json, onInterrupt: 'leave' })
}
