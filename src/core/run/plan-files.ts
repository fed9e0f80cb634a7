import type { TaskSpec } from '../contract/task-spec.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { TaskStore } from '../ports/task-life.ts'
import type { OrderedEdits, PlanFiles } from '../ports/workspaces.ts'
import type { LoadedPlan } from './plan-cache.ts'

/**
 * The folder that a plan's tasks share on each machine: another one after each time that the plan has
 * finished and was reopened, so that what clears up after one time meets no task of the next.
 */
export function folderOf(planId: string, reopened: number): string {
  return `${planId}.${reopened}`
}

/** The plan that a folder belongs to. A synthesis's is named after its job, whose id begins with the plan's. */
export function planOfFolder(folder: string): string {
  return folder.split(/[.-]/)[0] ?? folder
}

/** The plan as far as its files are concerned. */
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
 * The edits of every task that this one comes after, each listed after all that it comes after itself.
 * `after` names the nearest of those that have edits: what these came after, they name themselves.
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
 * The edits of these tasks and of all that they come after, each listed after what it came after itself.
 *
 * @param taskOf What a task changed, and which tasks it waited for.
 */
export function editsInOrder(
  taskIds: readonly string[],
  taskOf: (
    taskId: string,
  ) => { edits: OrderedEdits['edits'] | undefined; after: readonly string[] } | undefined,
): OrderedEdits[] {
  const ordered: OrderedEdits[] = []
  /** Of each task, itself where it has edits, else the nearest before it that have. */
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
