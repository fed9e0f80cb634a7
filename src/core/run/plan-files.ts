import type { TaskSpec } from '../contract/task-spec.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { TaskStore } from '../ports/task-life.ts'
import type { OrderedEdits, PlanFiles } from '../ports/workspaces.ts'
import type { LoadedPlan } from './plan-cache.ts'

/**
 * The folder that a plan's tasks share on each machine. Each time the plan is reopened after it had
 * finished, it gets a new one, so that cleaning up after one run does not affect the next.
 */
export function folderOf(planId: string, reopened: number): string {
  return `${planId}.${reopened}`
}

/**
 * The plan that a folder belongs to. A synthesis's folder is named after its job, whose id starts
 * with the plan's.
 */
export function planOfFolder(folder: string): string {
  return folder.split(/[.-]/)[0] ?? folder
}

/** The plan as workspaces need it. */
export async function planFiles(
  store: Pick<PlanStore, 'files' | 'workspace' | 'pinBase'>,
  plan: Pick<LoadedPlan, 'spec'>,
): Promise<PlanFiles | undefined> {
  const { id, workspace } = plan.spec
  if (workspace === undefined) return undefined
  const { base, reopened } = await store.workspace(id)
  return {
    planId: id,
    folder: folderOf(id, reopened),
    spec: workspace,
    inlineFiles: () => store.files(id),
    base,
    pinBase: (candidate) => store.pinBase(id, candidate),
  }
}

/**
 * The edits of every task that this one comes after, each listed after the edits it builds on.
 * `after` only names the nearest tasks with edits; these in turn name theirs.
 */
export async function editsBefore(
  tasks: Pick<TaskStore, 'specs' | 'outputs'>,
  planId: string,
  spec: Pick<TaskSpec, 'waitsFor'>,
): Promise<OrderedEdits[]> {
  const found = new Map<string, { edits: OrderedEdits['edits'] | undefined; after: string[] }>()
  let wanted = [...(spec.waitsFor ?? [])]
  while (wanted.length > 0) {
    const [specs, outputs] = await Promise.all([
      tasks.specs(planId, wanted),
      tasks.outputs(planId, wanted),
    ])
    wanted.forEach((taskId, index) => {
      found.set(taskId, { edits: outputs[index]?.edits, after: specs[index]?.waitsFor ?? [] })
    })
    const before = wanted.flatMap((taskId) => found.get(taskId)?.after ?? [])
    wanted = [...new Set(before.filter((taskId) => !found.has(taskId)))]
  }
  return editsInOrder(spec.waitsFor ?? [], (taskId) => found.get(taskId))
}

/**
 * The edits of these tasks and of all tasks they come after, each listed after the edits it builds
 * on.
 *
 * @param taskOf A task's edits, and the tasks it waited for.
 */
export function editsInOrder(
  taskIds: readonly string[],
  taskOf: (
    taskId: string,
  ) => { edits: OrderedEdits['edits'] | undefined; after: readonly string[] } | undefined,
): OrderedEdits[] {
  const ordered: OrderedEdits[] = []
  /** For each task: itself if it has edits, otherwise the nearest tasks before it that do. */
  const nearest = new Map<string, string[]>()
  const open = taskIds.toReversed()
  for (let taskId = open.at(-1); taskId !== undefined; taskId = open.at(-1)) {
    const { edits, after: direct = [] } = taskOf(taskId) ?? {}
    const first = direct.find((id) => !nearest.has(id))
    if (first !== undefined && !nearest.has(taskId)) {
      open.push(first)
      continue
    }
    open.pop()
    if (nearest.has(taskId)) continue
    const after = [...new Set(direct.flatMap((id) => nearest.get(id) ?? []))]
    nearest.set(taskId, edits === undefined ? after : [taskId])
    if (edits !== undefined) ordered.push({ taskId, edits, after })
  }
  return ordered
}
