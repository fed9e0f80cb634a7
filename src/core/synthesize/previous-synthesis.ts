import type { Settling } from '../merge/merge-operations.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { SynthesisStore } from '../ports/synthesis-store.ts'

/**
 * The newest synthesis of the plan that this one is compared with. Undefined if the plan names none,
 * or, with a note, if it is gone.
 */
export async function previousSynthesis(
  deps: { plans: Pick<PlanStore, 'get'>; syntheses: Pick<SynthesisStore, 'get'> },
  { spec }: PlanRecord,
  notes: string[],
): Promise<Settling['previous']> {
  const planId = spec.synthesis === false ? undefined : spec.synthesis.compareWith
  if (planId === undefined) return undefined
  const earlier = await deps.plans.get(planId)
  const version = earlier?.spec.tenant === spec.tenant ? earlier.synthesis.version : 0
  const pieces = version === 0 ? undefined : await deps.syntheses.get(planId, version)
  if (pieces === undefined) {
    notes.push(`Plan ${planId} has no synthesis, so the findings are compared with none.`)
    return undefined
  }
  const decoder = new TextDecoder()
  let json = ''
  for await (const piece of pieces) json += decoder.decode(piece, { stream: true })
  return { planId, json: json + decoder.decode() }
}
