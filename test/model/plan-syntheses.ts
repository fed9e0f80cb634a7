import { finalPlanStatus, type PlanStatus } from '../../src/core/contract/status.ts'
import { countsOf, isOver, type PlanModel } from './plan-model.ts'

// Syntheses of a plan, and how the last one finishes it.

/** After the results of attempts. */
export function askForPreliminary(plan: PlanModel): void {
  const ended = plan.tasks.filter(isOver).length
  const due = Math.floor(ended / (plan.shape.every ?? Number.POSITIVE_INFINITY))
  if (ended === plan.tasks.length || due <= plan.preliminaries) return
  plan.preliminaries = due
  plan.asked.push('preliminary')
}

export function finish(plan: PlanModel, outcome: PlanStatus): void {
  if (plan.outcome !== undefined) return
  plan.outcome = outcome
  plan.deadline = Number.POSITIVE_INFINITY
  plan.events.push(`plan.finished ${outcome}`)
}

export function beginFinalSynthesis(plan: PlanModel): void {
  plan.isFinalDue = false
  if (plan.shape.synthesis) plan.allocated += 1
  beginSynthesis(plan, plan.shape.synthesis ? plan.allocated : undefined, true)
}

export function beginSynthesis(
  plan: PlanModel,
  version: number | undefined,
  isFinal: boolean,
): void {
  plan.writing.push({ version, isFinal })
  if (version !== undefined) plan.events.push(`synthesis.started ${version}`)
}

/** The last one finishes the plan, unless tasks were retried while it was written. */
export function endSynthesis(plan: PlanModel, synthesis: PlanModel['writing'][number]): void {
  const { version, isFinal } = synthesis
  plan.writing = plan.writing.filter((each) => each !== synthesis)
  if (version !== undefined) {
    plan.events.push(`synthesis.finished ${version}`)
    plan.version = Math.max(plan.version, version)
    plan.synthesis = plan.isFinalDue && plan.shape.synthesis ? 'pending' : 'succeeded'
  }
  if (!isFinal || plan.isFinalDue || !plan.tasks.every(isOver)) return
  const cancelled = plan.stop === 'cancelled'
  const { minSuccess = 0 } = plan.shape
  const status = plan.shape.synthesis ? 'succeeded' : 'none'
  finish(plan, finalPlanStatus(countsOf(plan), { cancelled, minSuccess, synthesis: status }))
}

export function askForSynthesis(plan: PlanModel): void {
  plan.allocated += 1
  plan.asked.push(plan.allocated)
  plan.synthesis = 'pending'
}
