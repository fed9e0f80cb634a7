import { BUDGET_EXHAUSTED, PROVIDER_QUOTA } from '../budget/allowance.ts'
import { type Failure, PermanentError } from '../contract/errors.ts'
import { finalPlanStatus } from '../contract/status.ts'
import type { Synthesis } from '../contract/synthesis.ts'
import { addUsage, NO_USAGE, type Usage, usageSince } from '../contract/usage.ts'
import { withFindings } from '../findings/extract-findings.ts'
import type { Settling } from '../merge/merge-operations.ts'
import { levelsOf, placesOn } from '../merge/part-tree.ts'
import type { TaskResult } from '../ports/models.ts'
import type { BatchQueue, SynthesisJob } from '../ports/queue.ts'
import type { StoreClock } from '../ports/store-clock.ts'
import type { Slice, SynthesisText } from '../ports/synthesis-parts.ts'
import type { SynthesisStore } from '../ports/synthesis-store.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import {
  CALL_LIMITS,
  draftOver,
  means,
  optionsOf,
  STOPPED,
  type Writing,
  whyNotAsked,
} from './draft-synthesis.ts'
import { folderOfSynthesis, mergeTaskEdits } from './merge-task-edits.ts'
import { previousSynthesis } from './previous-synthesis.ts'
import { type ProposeDeps, proposeResolutions } from './propose-resolutions.ts'
import { readResults } from './read-results.ts'
import { type VerifyEditsDeps, verifyEdits } from './verify-edits.ts'
import { verifyEvidence } from './verify-evidence.ts'
import { type VerifyFindingsDeps, verifyFindings } from './verify-findings.ts'
import { type PartDeps, putTogether, spreadParts } from './write-synthesis-parts.ts'

export interface SynthesizeDeps
  extends PartDeps,
    ProposeDeps,
    Pick<VerifyEditsDeps, 'programs'>,
    Pick<VerifyFindingsDeps, 'verifier'> {
  syntheses: SynthesisStore
  queue: Pick<BatchQueue, 'enqueueParts'>
  workspaces: Pick<Workspaces, 'merge' | 'forget' | 'readable' | 'openCommit'>
  now: StoreClock
}

/**
 * Writes one version of a plan's synthesis; the final version also finishes the plan. If it runs
 * again after a crash, it writes the same version or finds it written. `give-back`: this process is
 * ending, so another one must do it. `wait`: it was split into parts and continues after them.
 */
export async function synthesizePlan(
  deps: SynthesizeDeps,
  job: SynthesisJob,
  signal: AbortSignal,
): Promise<'done' | 'give-back' | 'wait'> {
  const { planId, jobId } = job
  // In parallel, because round trips dominate for a small plan.
  const [begun, plan, layout, taskIds, begunAt] = await Promise.all([
    deps.syntheses.begin(planId, jobId, job.kind),
    deps.plans.get(planId),
    deps.parts.layout(planId, jobId),
    deps.plans.taskIds(planId),
    deps.now(),
  ])
  if (begun.status !== 'go' || plan === undefined) return 'done'

  let synthesis: SynthesisText | undefined
  let editsProblem: Failure | undefined
  let spent: Usage = NO_USAGE
  if (plan.spec.synthesis !== false || job.kind === 'again') {
    const tracked = deps.writing.track(planId, jobId, job.afterStop === true)
    try {
      const writing: Writing = {
        plan,
        job,
        options: optionsOf(plan, job),
        signal,
        cancelled: tracked.controller.signal,
        ...means(deps, plan, jobId),
      }
      if (layout !== undefined && (await spreadParts(deps, job, layout))) return 'wait'
      const doubts: string[] = []
      const { results, evidence } = await verifyEvidence(
        deps,
        plan,
        await readResults(deps, planId, taskIds, taskIds.length),
        doubts,
        signal,
      )
      const drafted =
        layout === undefined
          ? await draftWhole(deps, writing, results)
          : await draftOfParts(deps, writing, layout)
      if (drafted === 'give-back' || drafted === 'wait') return drafted
      drafted.notes.push(...doubts)
      const merged = await mergeTaskEdits(deps, plan, job, results, signal)
      editsProblem = merged.problem
      if (merged.edits === undefined && editsProblem !== undefined) {
        drafted.notes.push(editsProblem.message)
      }
      const verified = merged.edits && (await verifyEdits(deps, plan, job, merged.edits, writing))
      editsProblem = both(editsProblem, verified?.problem)
      const before = writing.usage.total()
      // Such a synthesis calls no model and waits for nothing.
      const isQuick = plan.spec.units.writesSynthesis === true
      const edits =
        verified &&
        (await proposeResolutions(deps, writing, verified.edits, results, drafted.notes))
      if (signal.aborted) return 'give-back'
      const settling: Settling = {
        ...drafted,
        usage: addUsage(drafted.usage, usageSince(before, writing.usage.total())),
        results,
        edits,
        evidence,
        previous: await previousSynthesis(deps, plan, drafted.notes),
        version: begun.version,
        createdAt: new Date(isQuick ? begunAt : await deps.now()).toISOString(),
        preliminary: job.kind === 'preliminary' || plan.counts.queued + plan.counts.running > 0,
      }
      synthesis = await settle(deps, planId, settling)
      const { verify } = plan.spec.policy
      if (verify !== undefined) {
        const notes = [...drafted.notes]
        const merged = JSON.parse(synthesis.json) as Synthesis
        const verified = await verifyFindings(deps, writing, verify, merged, settling, notes)
        if (signal.aborted) return 'give-back'
        const usage = addUsage(drafted.usage, usageSince(before, writing.usage.total()))
        synthesis = await settle(deps, planId, { ...settling, ...verified, notes, usage })
      }
      spent = writing.usage.total()
    } finally {
      tracked.done()
    }
  }

  const outcome = finalPlanStatus(plan.counts, {
    cancelled: plan.stop?.code === 'cancelled',
    minSuccess: plan.spec.policy.minSuccess,
    synthesis: synthesis?.status ?? 'none',
    editsMissing: editsProblem !== undefined,
  })
  const result = { kind: job.kind, synthesis, outcome, editsProblem, usage: spent }
  const stored = await deps.syntheses.finish(planId, jobId, result)
  const isUnused = job.kind !== 'final' || stored === 'finished'
  if (isUnused && plan.spec.workspace !== undefined) {
    await deps.workspaces.forget(folderOfSynthesis(plan, job))
  }
  return 'done'
}

/** If results cannot be merged in time, they are left out: each task still has its own. */
async function settle(
  deps: Pick<SynthesizeDeps, 'merging' | 'onFault'>,
  planId: string,
  settling: Settling,
): Promise<SynthesisText> {
  try {
    return await deps.merging.settle(settling)
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error
    deps.onFault(error, planId)
    return deps.merging.settle({
      ...settling,
      results: settling.results.map((result) => ({ ...result, text: '', findings: [] })),
      from: { kind: 'merge' },
      notes: [
        ...settling.notes,
        `${error.message} Each task keeps its own output (${error.code}).`,
      ],
    })
  }
}

/** Both reasons, under the code of the first. */
function both(one: Failure | undefined, other: Failure | undefined): Failure | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return { code: one.code, message: `${one.message} ${other.message}` }
}

type Drafted = Pick<Settling, 'from' | 'usage' | 'model' | 'notes'>

/** Drafts in a single model call, or without one, or splits the work into parts to `wait` for. */
async function draftWhole(
  deps: SynthesizeDeps,
  writing: Writing,
  results: TaskResult[],
): Promise<Drafted | 'give-back' | 'wait'> {
  const { job, options, usage } = writing
  const merged = (...notes: string[]): Drafted => ({
    from: { kind: 'merge' },
    usage: usage.total(),
    model: undefined,
    notes,
  })
  if (deps.model === undefined || options.executor === 'merge') return merged()
  if (!results.some(({ text, findings }) => text !== '' || findings.length > 0)) {
    return merged('No task produced anything, so no model was asked.')
  }
  const failure = whyNotAsked(writing)
  if (failure !== undefined) return merged(whyMerged(failure))
  const planned = await deps.merging.layOut(results, CALL_LIMITS)
  if (planned.length > 1) {
    const layout = await deps.parts.pinLayout(job.planId, job.jobId, planned)
    if (layout !== undefined) await spreadParts(deps, job, layout)
    return 'wait'
  }
  const answer = await draftOver(deps, writing, withFindings(results), options.outputSchema)
  if (answer === 'give-back') return answer
  if ('failure' in answer) return merged(whyMerged(answer.failure))
  const { draft } = answer
  const from = { kind: 'draft' as const, draft }
  return { from, usage: usage.total(), model: draft.model, notes: [] }
}

async function draftOfParts(
  deps: SynthesizeDeps,
  writing: Writing,
  layout: readonly Slice[][],
): Promise<Drafted | 'give-back'> {
  const { outputSchema, model } = writing.options
  const levels = levelsOf(layout.length)
  const top = placesOn(levels, levels.length)
  const whole = await putTogether(deps, writing, top, outputSchema)
  if (whole === 'give-back') return whole
  const { part, summarised, written, replaced, usage } = whole
  if (written === 0) {
    // A model's failure is more informative than a stop that came after it.
    const reasons = Object.keys(replaced)
    const reason = reasons.find((each) => each !== STOPPED) ?? STOPPED
    return { from: { kind: 'merge' }, usage, model: undefined, notes: [whyMerged(reason)] }
  }
  return {
    from: { kind: 'part', part, summarised },
    usage,
    model: model ?? whole.model,
    notes: notesOnParts(layout.length, whole, outputSchema !== undefined),
  }
}

function notesOnParts(
  leaves: number,
  whole: { summarised: boolean; replaced: Record<string, number> },
  hasSchema: boolean,
): string[] {
  const notes = [`Written in ${leaves} parts and combined, because it is too large for one call.`]
  const { [STOPPED]: stopped = 0, [BUDGET_EXHAUSTED]: unpaid = 0, ...failures } = whole.replaced
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  if (failed > 0) {
    notes.push(
      `The model failed at ${failed} of the steps (${Object.keys(failures).join(', ')}); the deterministic merge wrote those.`,
    )
  }
  if (unpaid > 0) {
    notes.push(
      `The budget left no money for ${unpaid} of the steps; the deterministic merge wrote those.`,
    )
  }
  if (stopped > 0) {
    notes.push(
      `The plan was stopped before ${stopped} of the steps; the deterministic merge wrote those.`,
    )
  }
  if (hasSchema && !whole.summarised) {
    notes.push('Its `outputSchema` was not used: no model wrote the synthesis as a whole.')
  }
  return notes
}

function whyMerged(failure: string): string {
  switch (failure) {
    case STOPPED:
      return 'The plan was stopped, so no model was asked: this is the deterministic merge.'
    case PROVIDER_QUOTA:
      return "The quota of the model's provider is used up, so this is the deterministic merge."
    case BUDGET_EXHAUSTED:
      return 'The budget of the plan leaves no money for a model, so this is the deterministic merge.'
    default:
      return `The model did not write a usable synthesis (${failure}), so this is the deterministic merge.`
  }
}
