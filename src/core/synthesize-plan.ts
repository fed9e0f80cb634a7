import type { BudgetStore } from './budget/allowance.ts'
import type { AllowanceOf } from './budget/allowances.ts'
import { type DraftDeps, draftSynthesis } from './draft-synthesis.ts'
import type { SynthesisInput, TaskResult } from './ports.ts'
import type { SynthesisJob } from './queue.ts'
import { finalPlanStatus } from './status.ts'
import type { PlanStore, SynthesisStore, TaskStore } from './store.ts'
import type { PlanRecord } from './stored.ts'
import type { SynthesisSpec } from './submission.ts'
import { settleSynthesis } from './synthesis/settle-synthesis.ts'
import type { MergedEdits, Synthesis } from './synthesis.ts'
import { editsBefore, planFiles } from './task-folder.ts'
import { usageTally } from './usage.ts'
import type { OrderedEdits, Workspaces } from './workspace-port.ts'

export interface SynthesizeDeps extends DraftDeps {
  plans: PlanStore
  tasks: TaskStore
  syntheses: SynthesisStore
  budgets: Pick<BudgetStore, 'count'>
  allowanceOf: AllowanceOf
  workspaces: Pick<Workspaces, 'merge' | 'forget'>
  /** ISO 8601. */
  nowIso: () => string
}

/** Tasks whose outputs are read at once. */
const TASKS_AT_ONCE = 200
/** Characters of all texts together that a synthesis looks at; findings come on top. */
const TEXT_BUDGET = 8_000_000

/**
 * Writes one version of a plan's synthesis and, with the last one it waits for, finishes the plan.
 * Run again after a crash, it writes the same version, or finds it written. `give-back`: the process
 * is to end, another one is to do it.
 */
export async function synthesizePlan(
  deps: SynthesizeDeps,
  job: SynthesisJob,
  signal: AbortSignal,
): Promise<'done' | 'give-back'> {
  const { planId, jobId } = job
  // All at once: for a small plan the round trips are most of the time.
  const [begun, plan, context, taskIds] = await Promise.all([
    deps.syntheses.begin(planId, jobId, job.kind),
    deps.plans.get(planId),
    deps.plans.context(planId),
    deps.plans.taskIds(planId),
  ])
  if (begun.status !== 'go' || plan === undefined) return 'done'

  const write = plan.spec.synthesis !== false || job.kind === 'again'
  const usage = usageTally((total) => {
    // Not waited for: the end of the synthesis tells it again.
    deps.budgets
      .count(planId, { jobId }, total)
      .catch((error: unknown) => deps.onFault(error, planId))
  })
  let synthesis: Synthesis | undefined
  if (write) {
    const options = optionsOf(plan, job)
    const results = await readResults(deps, planId, taskIds)
    const input: SynthesisInput = {
      title: plan.spec.title,
      context,
      instructions: options.instructions,
      outputSchema: options.outputSchema,
      results,
    }
    const allowance = deps.allowanceOf(plan.spec, { jobId })
    const written = await draftSynthesis(deps, plan, input, options, { usage, allowance, signal })
    if (written === 'stopped') return 'give-back'
    const edits = await mergedEdits(deps, plan, results, written.notes, signal)
    synthesis = {
      ...settleSynthesis({
        ...written,
        input,
        version: begun.version,
        createdAt: deps.nowIso(),
        preliminary: job.kind === 'preliminary' || plan.counts.queued + plan.counts.running > 0,
      }),
      ...(edits === undefined ? {} : { edits }),
    }
  }

  const outcome = finalPlanStatus(plan.counts, {
    cancelled: plan.stop?.code === 'cancelled',
    minSuccess: plan.spec.policy.minSuccess,
    synthesis: synthesis?.status ?? 'none',
  })
  await deps.syntheses.finish(planId, jobId, {
    kind: job.kind,
    synthesis,
    outcome,
    usage: usage.total(),
  })
  if (job.kind === 'final' && plan.spec.workspace !== undefined)
    await deps.workspaces.forget(planId)
  return 'done'
}

function optionsOf(plan: PlanRecord, job: SynthesisJob): SynthesisSpec {
  const own = plan.spec.synthesis === false ? {} : plan.spec.synthesis
  return {
    executor: job.executor ?? own.executor,
    model: job.model ?? own.model,
    instructions: job.instructions ?? own.instructions,
    outputSchema: job.outputSchema ?? own.outputSchema,
  }
}

/** Every task's result, its text cut where all texts together are more than can be looked at. */
export async function readResults(
  deps: Pick<SynthesizeDeps, 'tasks'>,
  planId: string,
  ids: readonly string[],
): Promise<TaskResult[]> {
  const share = Math.max(2_000, Math.floor(TEXT_BUDGET / Math.max(1, ids.length)))
  const results: TaskResult[] = []
  for (let at = 0; at < ids.length; at += TASKS_AT_ONCE) {
    const some = ids.slice(at, at + TASKS_AT_ONCE)
    const [specs, states, outputs] = await Promise.all([
      deps.tasks.specs(planId, some),
      deps.tasks.states(planId, some),
      deps.tasks.outputs(planId, some),
    ])
    some.forEach((taskId, index) => {
      const state = states[index]
      const output = outputs[index]
      const edits = output?.edits
      results.push({
        taskId,
        description: specs[index]?.description ?? taskId,
        status: state?.status ?? 'queued',
        text: (output?.text ?? '').slice(0, share),
        findings: output?.findings ?? [],
        ...(edits === undefined ? {} : { edits }),
        ...(state?.error === undefined ? {} : { error: state.error }),
      })
    })
  }
  return results
}

/** Merges what the tasks changed. A merge that cannot be made is said so, and fails nothing else. */
async function mergedEdits(
  deps: SynthesizeDeps,
  plan: PlanRecord,
  results: readonly TaskResult[],
  notes: string[],
  signal: AbortSignal,
): Promise<MergedEdits | undefined> {
  const edited = results.filter((result) => result.edits !== undefined)
  if (edited.length === 0) return undefined
  const files = await planFiles(deps.plans, plan)
  if (files === undefined) return undefined
  const specs = await deps.tasks.specs(
    plan.spec.id,
    edited.map((result) => result.taskId),
  )
  // Each with all it came after, through tasks that changed nothing too.
  const ordered = await Promise.all(
    edited.map(async (result, index): Promise<OrderedEdits[]> => {
      const spec = specs[index]
      if (result.edits === undefined || spec === undefined) return []
      const before = await editsBefore(deps.tasks, plan.spec.id, spec)
      const after = before.map(({ taskId }) => taskId)
      return [{ taskId: result.taskId, edits: result.edits, after }]
    }),
  )
  try {
    return await deps.workspaces.merge(files, ordered.flat(), signal)
  } catch (error) {
    deps.onFault(error, plan.spec.id)
    notes.push('The edits of the tasks could not be merged; each task keeps its own patch.')
    return undefined
  }
}
