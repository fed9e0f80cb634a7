import type { TaskSpec } from '../core/contract/task-spec.ts'
import type { RetryBatch } from '../core/ports/task-life.ts'

/**
 * The tasks of a batch as `:requeue` lists them, and their dependencies outside the batch. New tasks come with their
 * specifications.
 */
export function requeueEntries(
  { firstUnit, tasks }: RetryBatch,
  specs?: readonly TaskSpec[],
): { entries: string[]; others: string[] } {
  const chosen = new Set(tasks.map(({ taskId }) => taskId))
  const allOthers = new Set<string>()
  const entries = tasks.map(({ taskId, waitsFor, priority, ifChanged }, at) => {
    const others = waitsFor.filter((id) => !chosen.has(id))
    for (const id of others) allOthers.add(id)
    const inBatch = waitsFor.length - others.length
    const doubt =
      ifChanged === undefined ? [] : [ifChanged.writes ? '~w' : '~r', ...ifChanged.behind]
    const line = [firstUnit + at, taskId, priority, inBatch, ...others, ...doubt].join(' ')
    return specs === undefined ? line : `${line}\n${JSON.stringify(specs[at])}`
  })
  return { entries, others: [...allOthers] }
}
