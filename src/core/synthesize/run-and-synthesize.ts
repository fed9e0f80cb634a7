import { type BatchQueue, finalSynthesisJobId, type SynthesisJob } from '../ports/queue.ts'
import type { PlanCache } from '../run/plan-cache.ts'
import type { UnitJob } from '../run/run-deps.ts'
import type { Ran } from '../run/run-task.ts'

export interface RunAndSynthesizeDeps {
  plans: PlanCache
  queue: Pick<BatchQueue, 'enqueueSynthesis'>
  /** Whether this process has a model that writes syntheses. */
  hasModel: boolean
  runUnit: (job: UnitJob, lost: AbortSignal, delivery: number) => Promise<Ran>
  synthesize: (job: SynthesisJob, lost: AbortSignal) => Promise<'done' | 'give-back' | 'wait'>
}

/**
 * Runs units, and after the unit that ends the plan's last task also the synthesis, if that has no job
 * of its own. If the process dies in between, the unit's job remains, and its next worker finds what
 * still has to be written.
 */
export function runAndSynthesize(
  deps: RunAndSynthesizeDeps,
): (job: UnitJob, lost: AbortSignal, delivery: number) => Promise<'done' | 'give-back'> {
  /** Units of one plan may end together. */
  const writing = new Map<string, Promise<'done' | 'give-back'>>()

  async function write(planId: string, lost: AbortSignal): Promise<'done' | 'give-back'> {
    const job: SynthesisJob = { planId, jobId: finalSynthesisJobId(planId, 0), kind: 'final' }
    // The process that took the plan had none.
    if (deps.hasModel && (await mayAskModel(deps.plans, planId))) {
      await deps.queue.enqueueSynthesis(job)
      return 'done'
    }
    const written = await deps.synthesize(job, lost)
    return written === 'give-back' ? written : 'done'
  }

  return async (job, lost, delivery) => {
    const ran = await deps.runUnit(job, lost, delivery)
    if (ran === 'give-back') return ran
    if (ran === 'done' || !job.writesSynthesis) return 'done'
    const { planId } = job
    const begun = writing.get(planId)
    if (begun !== undefined) return begun
    const written = write(planId, lost)
    writing.set(planId, written)
    try {
      return await written
    } finally {
      writing.delete(planId)
    }
  }
}

async function mayAskModel(plans: PlanCache, planId: string): Promise<boolean> {
  const plan = await plans.load(planId)
  if (plan === undefined || plan.spec.synthesis === false) return false
  return plan.spec.synthesis.executor !== 'merge'
}
