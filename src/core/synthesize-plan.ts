import type { Failure } from './errors.ts'
import { TransientError } from './errors.ts'
import type { ModelSynthesizer, SynthesisDraft, SynthesisInput, TaskResult } from './ports.ts'
import type { SynthesisJob } from './queue.ts'
import { finalPlanStatus } from './status.ts'
import type { PlanStore, SynthesisStore, TaskStore } from './store.ts'
import type { PlanRecord } from './stored.ts'
import type { SynthesisSpec } from './submission.ts'
import { mergeFindings } from './synthesis/merge-findings.ts'
import { settleSynthesis } from './synthesis/settle-synthesis.ts'
import type { MergedEdits, Synthesis } from './synthesis.ts'
import { editsBefore, planFiles } from './task-folder.ts'
import { addUsage, NO_USAGE, type Usage } from './usage.ts'
import type { OrderedEdits, Workspaces } from './workspace-port.ts'

export interface SynthesizeDeps {
  plans: PlanStore
  tasks: TaskStore
  syntheses: SynthesisStore
  workspaces: Pick<Workspaces, 'merge' | 'forget'>
  /** Absent where no model is configured. */
  model: ModelSynthesizer | undefined
  /** ISO 8601. */
  nowIso: () => string
  pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** The model failed and the merge answers instead, and the like; for the log. */
  onFault: (error: unknown, planId: string) => void
}

/** Tasks whose outputs are read at once. */
const TASKS_AT_ONCE = 200
/** Characters of all texts together that a synthesis looks at; findings come on top. */
const TEXT_BUDGET = 8_000_000
const MODEL_TRIES = 3
const MODEL_TIMEOUT_MS = 10 * 60_000

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
  const usage = { spent: NO_USAGE }
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
    const written = await draft(deps, plan, input, options, usage, signal)
    if (written === 'stopped') return 'give-back'
    const edits = await mergedEdits(deps, plan, results, written.notes, signal)
    synthesis = {
      ...settleSynthesis({
        ...written,
        input,
        version: begun.version,
        createdAt: deps.nowIso(),
        preliminary: job.kind === 'preliminary',
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
    usage: usage.spent,
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

interface Written {
  draft: SynthesisDraft
  executor: 'model' | 'merge'
  notes: string[]
}

async function draft(
  deps: SynthesizeDeps,
  plan: PlanRecord,
  input: SynthesisInput,
  options: SynthesisSpec,
  usage: { spent: Usage },
  signal: AbortSignal,
): Promise<Written | 'stopped'> {
  const notes: string[] = []
  const merged = (): Written => ({ draft: mergeFindings(input.results), executor: 'merge', notes })
  if (deps.model === undefined || options.executor === 'merge') return merged()
  if (!input.results.some((result) => result.text !== '' || result.findings.length > 0)) {
    notes.push('No task produced anything, so no model was asked.')
    return merged()
  }
  if (plan.stop?.code === 'cancelled' || plan.stop?.code === 'budget-exhausted') {
    notes.push('The plan was stopped, so no model was asked: this is the deterministic merge.')
    return merged()
  }
  let spent = NO_USAGE
  let last: Failure = { code: 'unknown', message: '' }
  for (let attempt = 1; attempt <= MODEL_TRIES; attempt += 1) {
    const before = spent
    const timeout = AbortSignal.timeout(MODEL_TIMEOUT_MS)
    try {
      const written = await deps.model.synthesize(input, {
        model: options.model,
        signal: AbortSignal.any([signal, timeout]),
        onUsage(latest) {
          spent = addUsage(before, latest)
          usage.spent = spent
        },
      })
      return { draft: { ...written, usage: spent }, executor: 'model', notes }
    } catch (error) {
      if (signal.aborted) return 'stopped'
      deps.onFault(error, plan.spec.id)
      last = describe(error, timeout.aborted)
      if (!(error instanceof TransientError)) break
      if (attempt < MODEL_TRIES) {
        await deps.pause(Math.min(error.retryAfterMs ?? 1_000 * attempt, 60_000), signal)
      }
    }
  }
  notes.push(
    `The model did not write a usable synthesis (${last.code}), so this is the deterministic merge.`,
  )
  const written = merged()
  return { ...written, draft: { ...written.draft, usage: spent } }
}

function describe(error: unknown, timedOut: boolean): Failure {
  if (timedOut) return { code: 'timeout', message: 'The model took too long.' }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'model-error'
  return { code, message: '' }
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
