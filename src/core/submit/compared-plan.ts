import { invalid } from '../contract/field-errors.ts'
import type { SubmitPlan } from '../contract/submission.ts'
import type { PlanStore } from '../ports/plan-store.ts'

/**
 * Checks that the plan whose findings the synthesis is compared with exists.
 *
 * @throws {ServiceError} invalid-request. Another tenant's plan counts as missing.
 */
export async function requireComparedPlan(
  plans: Pick<PlanStore, 'get'>,
  tenant: string,
  { synthesis }: Pick<SubmitPlan, 'synthesis'>,
): Promise<void> {
  const planId = synthesis === false ? undefined : synthesis.compareWith
  if (planId === undefined) return
  const earlier = await plans.get(planId)
  if (earlier?.spec.tenant === tenant) return
  throw invalid([{ pointer: '/synthesis/compareWith', detail: 'is not the id of a plan' }])
}
