import { type Contention, findContention } from './contention.ts'
import type { FileTask } from './file-task.ts'
import { orderOf, topologicalOrder } from './task-order.ts'

/** How many waits are kept individually; beyond this, all tasks that collide follow each other. */
const MAX_WAITS = 100_000

/**
 * What each task must wait for in addition to `dependsOn`, so that no two colliding tasks run at
 * the same time. The earlier one goes first, in plan order unless `dependsOn` demands otherwise. A
 * reader waits for the last writer before it, and a writer for the readers since then, so that a
 * thousand writers of one file form a single chain. Together with `dependsOn` it never forms a
 * cycle.
 */
export function serialize(
  tasks: readonly FileTask[],
  files?: readonly string[],
  contention: readonly Contention[] = findContention(tasks, files),
): Map<string, string[]> {
  if (contention.length === 0) return new Map()
  const order = topologicalOrder(tasks)
  const turn = tasks.map(() => 0)
  for (const [place, task] of order.entries()) turn[task] = place
  const ordered = orderOf(tasks)
  const waits = new Map<number, Set<number>>()
  let count = 0
  const wait = (later: number, earlier: number) => {
    if (later === earlier || ordered(later, earlier)) return
    const set = waits.get(later) ?? new Set()
    waits.set(later, set)
    if (!set.has(earlier)) count += 1
    set.add(earlier)
  }
  for (const { writers, rivals, readers } of contention) {
    const writing = new Set([...writers, ...rivals])
    const involved = [...new Set([...writing, ...readers])].sort(
      (a, b) => (turn[a] ?? 0) - (turn[b] ?? 0),
    )
    let lastWriter: number | undefined
    let readersSince: number[] = []
    for (const task of involved) {
      if (writing.has(task)) {
        for (const reader of readersSince) wait(task, reader)
        if (readersSince.length === 0 && lastWriter !== undefined) wait(task, lastWriter)
        lastWriter = task
        readersSince = []
      } else {
        if (lastWriter !== undefined) wait(task, lastWriter)
        readersSince.push(task)
      }
    }
    if (count > MAX_WAITS) return inARow(tasks, contention, order)
  }
  return named(tasks, waits)
}

function inARow(
  tasks: readonly FileTask[],
  contention: readonly Contention[],
  order: readonly number[],
): Map<string, string[]> {
  const involved = new Set(
    contention.flatMap(({ writers, rivals, readers }) => [...writers, ...rivals, ...readers]),
  )
  const row = order.filter((task) => involved.has(task))
  return named(
    tasks,
    new Map(row.slice(1).map((task, index) => [task, new Set([row[index] ?? task])])),
  )
}

function named(
  tasks: readonly FileTask[],
  waits: ReadonlyMap<number, ReadonlySet<number>>,
): Map<string, string[]> {
  const idOf = (index: number) => tasks[index]?.id ?? ''
  return new Map(
    [...waits].map(([later, earlier]) => [
      idOf(later),
      [...earlier].sort((a, b) => a - b).map(idOf),
    ]),
  )
}
