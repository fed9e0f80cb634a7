import { LRUCache } from 'lru-cache'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { TaskStore } from '../ports/task-life.ts'
import type { OrderedEdits } from '../ports/workspaces.ts'

/** What a task's folder starts with. */
export interface EditsBefore {
  edits: OrderedEdits[]
  /** While it is the same, so are the edits of every task; `undefined` if that is not known. */
  version: string | undefined
}

export type ReadEditsBefore = (
  planId: string,
  spec: Pick<TaskSpec, 'waitsFor'>,
  /** Changes when tasks are retried; `undefined` while they are being retried. */
  generation: number | undefined,
) => Promise<EditsBefore>

interface TaskBefore {
  edits: OrderedEdits['edits'] | undefined
  after: string[]
}

/** In bytes, of patches. */
const MOST_BYTES = 64 * 1024 * 1024
/** What an entry takes besides its patch, approximately. */
const ENTRY_BYTES = 500
/** Outputs read with one call: each may be a megabyte. */
const TASKS_AT_ONCE = 100

/**
 * Finds the edits of every task that one comes after, each listed after the edits it builds on.
 * `after` only names the nearest tasks with edits; these in turn name theirs. What tasks have done is
 * kept, or each task of a long chain would read all those before it.
 */
export function editsBefore(
  tasks: Pick<TaskStore, 'specs' | 'outputs'>,
  mostBytes = MOST_BYTES,
): ReadEditsBefore {
  const kept = new LRUCache<string, TaskBefore>({
    maxSize: mostBytes,
    sizeCalculation: ({ edits }) => ENTRY_BYTES + 2 * (edits?.patch.length ?? 0),
  })

  return async (planId, { waitsFor = [] }, generation) => {
    const version = generation === undefined ? undefined : `${planId} ${generation}`
    const found = new Map<string, TaskBefore>()
    let isKnown = version !== undefined
    const open = [...waitsFor]
    while (open.length > 0) {
      const unread: string[] = []
      // Iterating over a list includes what is added to it.
      for (const taskId of open) {
        if (found.has(taskId)) continue
        const known = version === undefined ? undefined : kept.get(`${version} ${taskId}`)
        if (known === undefined) {
          unread.push(taskId)
        } else {
          found.set(taskId, known)
          open.push(...known.after)
        }
      }
      open.length = 0
      const some = [...new Set(unread)]
      for (let at = 0; at < some.length; at += TASKS_AT_ONCE) {
        const wanted = some.slice(at, at + TASKS_AT_ONCE)
        const [specs, outputs] = await Promise.all([
          tasks.specs(planId, wanted),
          tasks.outputs(planId, wanted),
        ])
        for (const [index, taskId] of wanted.entries()) {
          const output = outputs[index]
          const task = { edits: output?.edits, after: specs[index]?.waitsFor ?? [] }
          found.set(taskId, task)
          open.push(...task.after)
          // Without an output it has not ended, and what it will have done is not known.
          if (output === undefined) isKnown = false
          else if (version !== undefined) kept.set(`${version} ${taskId}`, task)
        }
      }
    }
    const edits = editsInOrder(waitsFor, (taskId) => found.get(taskId))
    return { edits, version: isKnown ? version : undefined }
  }
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
