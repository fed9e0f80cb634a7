import type { MergedEdits } from '../contract/synthesis.ts'
import { countOf } from '../merge/draft-findings.ts'
import type { ConflictResolver, TaskResult } from '../ports/models.ts'
import { type DraftDeps, type Writing, whyNotAsked } from './draft-synthesis.ts'

export interface ProposeDeps {
  /** Absent if no model is configured. */
  resolver: ConflictResolver | undefined
  onFault: DraftDeps['onFault']
}

type Conflict = MergedEdits['conflicts'][number]

/** More than a person would look through; the rest get no proposal. */
const MAX_PROPOSALS = 50
const AT_ONCE = 5

/** Total characters of all sides of a file that a model is asked to rewrite. */
const MAX_SIDES_CHARS = 200_000
const TIMEOUT_MS = 3 * 60_000

/**
 * Has the model propose a resolution for each file in conflict. A proposal is listed with its
 * conflict, with the name of the model: it is in no commit and no patch.
 *
 * @param notes Gets a note if there should be proposals but are none.
 */
export async function proposeResolutions(
  deps: ProposeDeps,
  writing: Writing,
  edits: MergedEdits,
  results: readonly TaskResult[],
  notes: string[],
): Promise<MergedEdits> {
  const { resolver } = deps
  const { job, options } = writing
  const isWanted = job.kind !== 'preliminary' && options.executor !== 'merge'
  const open = edits.conflicts.filter(isShown).slice(0, MAX_PROPOSALS)
  if (resolver === undefined || !isWanted || open.length === 0) return edits
  if (whyNotAsked(writing) !== undefined) return edits

  const proposed = new Map<Conflict, Conflict>()
  const waiting = [...open]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const conflict = await proposal(deps, resolver, writing, next, results)
      if (conflict !== undefined) proposed.set(next, conflict)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const missing = edits.conflicts.length - proposed.size
  if (missing > 0) {
    notes.push(`The model made no proposal for ${countOf(missing, 'file')} in conflict.`)
  }
  return {
    ...edits,
    conflicts: edits.conflicts.map((conflict) => proposed.get(conflict) ?? conflict),
  }
}

async function proposal(
  { onFault }: ProposeDeps,
  resolve: ConflictResolver,
  { plan, options, signal, cancelled, usage, allowance }: Writing,
  conflict: Conflict,
  results: readonly TaskResult[],
): Promise<Conflict | undefined> {
  const whole = AbortSignal.any([signal, cancelled, AbortSignal.timeout(TIMEOUT_MS)])
  if (whole.aborted) return undefined
  const { path, base, ours, theirs } = conflict
  const tasks = conflict.tasks.map((taskId) => ({
    taskId,
    description: results.find((result) => result.taskId === taskId)?.description ?? '',
  }))
  try {
    const { text, model } = await resolve(
      { title: plan.spec.title, path, tasks, base, ours, theirs },
      { model: options.model, signal: whole, onUsage: usage.meter(), allowance },
    )
    return { ...conflict, proposal: text, proposedBy: model }
  } catch (error) {
    if (!signal.aborted && !cancelled.aborted) onFault(error, plan.spec.id)
    return undefined
  }
}

/** Whether there is anything to read: not binary, not too large, and not gone on both sides. */
function isShown({ base = '', ours = '', theirs = '' }: Conflict): boolean {
  const chars = base.length + ours.length + theirs.length
  return ours + theirs !== '' && chars <= MAX_SIDES_CHARS
}
