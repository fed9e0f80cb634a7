import type { Submission } from '../contract/api.ts'
import type { DryRun } from '../contract/views.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import { renderFullPrompt, renderTaskPrompt } from '../text/prompt.ts'
import { requireComparedPlan } from './compared-plan.ts'
import { type PrepareDeps, parseSubmission, preparePlan } from './prepare-plan.ts'

export interface DryRunDeps extends PrepareDeps {
  plans: Pick<PlanStore, 'get'>
}

/** What a submission would do; nothing is stored. Overlaps are reported, not rejected. */
export async function dryRun(deps: DryRunDeps, submission: Submission): Promise<DryRun> {
  const { plan } = parseSubmission(deps.limits, submission.body)
  await requireComparedPlan(deps.plans, submission.tenant, plan)
  const prepared = await preparePlan(deps, plan, { dryRun: true })
  const context = prepared.plan.context ?? ''
  return {
    tasks: prepared.tasks.map((task) => ({
      id: task.id,
      description: task.description,
      executor: task.executor,
      model: task.model,
      escalate: task.escalate,
      dependsOn: task.dependsOn ?? [],
      waitsFor: task.waitsFor ?? [],
      files: task.files,
      tools: task.tools,
      options: task.options,
      timeoutMs: task.timeoutMs,
      attempts: task.attempts,
      priority: task.priority,
      prompt: renderFullPrompt(context, renderTaskPrompt(task)),
    })),
    waves: prepared.waves,
    overlaps: prepared.overlaps,
    warnings: prepared.warnings,
    advice: prepared.advice,
    estimate: prepared.estimate,
  }
}
