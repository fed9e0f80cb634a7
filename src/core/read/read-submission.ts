import { ServiceError } from '../contract/errors.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import { requirePlan } from './require-plan.ts'

export interface ReadSubmissionDeps {
  plans: PlanStore
  /** Returns the SHA-256 and the length in UTF-8 bytes. */
  measure: (text: string) => { sha256: string; bytes: number }
}

/**
 * The body that a plan was submitted with. Files are listed by name, size and hash, or included in
 * full if `files` is true, so that the body can be submitted again.
 *
 * @throws {ServiceError} plan-not-found
 */
export async function readSubmission(
  deps: ReadSubmissionDeps,
  tenant: string,
  planId: string,
  { files: withTexts }: { files: boolean },
): Promise<Record<string, unknown>> {
  await requirePlan(deps, tenant, planId)
  const kept = await deps.plans.submission(planId)
  if (kept === undefined) {
    throw new ServiceError('plan-not-found', 'The submission of this plan was not kept.')
  }
  const context = await deps.plans.context(planId)
  const whole = context === '' ? kept : { ...kept, context }
  const { workspace } = kept
  if (typeof workspace !== 'object' || workspace === null || !('files' in workspace)) return whole
  const texts = await deps.plans.files(planId)
  const names = Object.keys(texts).sort()
  const files = names.map((name) => {
    const text = texts[name] ?? ''
    return [name, withTexts ? text : deps.measure(text)]
  })
  return { ...whole, workspace: { ...workspace, files: Object.fromEntries(files) } }
}
