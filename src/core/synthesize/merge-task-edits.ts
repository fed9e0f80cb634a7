import type { Failure } from '../contract/errors.ts'
import type { MergedEdits } from '../contract/synthesis.ts'
import { EDITS_NOT_MERGED, missingEdits } from '../merge/missing-edits.ts'
import type { TaskResult } from '../ports/models.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { SynthesisJob } from '../ports/queue.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { TaskStore } from '../ports/task-life.ts'
import type { OrderedEdits, Workspaces } from '../ports/workspaces.ts'
import { editsInOrder } from '../run/edits-before.ts'
import { folderOf, planFiles } from '../run/plan-files.ts'
import { TASKS_AT_ONCE } from './read-results.ts'

export interface MergeEditsDeps {
  plans: Pick<PlanStore, 'files' | 'pinBase' | 'workspace'>
  tasks: Pick<TaskStore, 'specs' | 'outputs'>
  workspaces: Pick<Workspaces, 'merge'>
  onFault: (error: unknown, planId: string) => void
}

/**
 * Nothing else of the plan runs next to the final synthesis of a batch, so it works in the tasks'
 * folder and removes it. Other syntheses have folders of their own, which nobody removes while they
 * run.
 */
export function folderOfSynthesis(plan: PlanRecord, { kind, jobId }: SynthesisJob): string {
  return kind === 'final' ? folderOf(plan.spec.id, plan.reopened) : jobId
}

/** Merges the tasks' edits. If that is impossible, it is reported and nothing else fails. */
export async function mergeTaskEdits(
  deps: MergeEditsDeps,
  plan: PlanRecord,
  job: SynthesisJob,
  results: readonly TaskResult[],
  signal: AbortSignal,
): Promise<{ edits?: MergedEdits; problem?: Failure | undefined }> {
  const edited = results.filter((result) => result.edits !== undefined)
  if (edited.length === 0) return {}
  const own = await planFiles(deps.plans, plan)
  if (own === undefined) return {}
  const files = { ...own, folder: folderOfSynthesis(plan, job) }
  const ordered = await orderedEdits(deps.tasks, plan.spec.id, results)
  try {
    const edits = await deps.workspaces.merge(files, ordered, signal)
    return { edits, problem: missingEdits(edits) }
  } catch (error) {
    deps.onFault(error, plan.spec.id)
    return { problem: EDITS_NOT_MERGED }
  }
}

/** In plan order, each with what it came after, including via tasks that changed nothing. */
async function orderedEdits(
  tasks: Pick<TaskStore, 'specs'>,
  planId: string,
  results: readonly TaskResult[],
): Promise<OrderedEdits[]> {
  const all = new Map<string, { edits: OrderedEdits['edits'] | undefined; after: string[] }>()
  for (let at = 0; at < results.length; at += TASKS_AT_ONCE) {
    const some = results.slice(at, at + TASKS_AT_ONCE)
    const specs = await tasks.specs(
      planId,
      some.map(({ taskId }) => taskId),
    )
    some.forEach(({ taskId, edits }, index) => {
      all.set(taskId, { edits, after: specs[index]?.waitsFor ?? [] })
    })
  }
  const edits = editsInOrder([...all.keys()], (taskId) => all.get(taskId))
  const byTask = new Map(edits.map((entry) => [entry.taskId, entry]))
  return results.flatMap(({ taskId }) => byTask.get(taskId) ?? [])
}
