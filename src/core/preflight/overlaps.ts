import type { Overlap } from '../contract/views.ts'
import { type Contention, findContention } from './contention.ts'
import type { FileTask } from './file-task.ts'
import { orderOf } from './task-order.ts'

/** Pairs that are listed; a plan with more overlaps everywhere. */
export const MAX_OVERLAPS = 1_000

/** How many `files` of an overlap are listed; see `Overlap`. */
const MAX_FILES = 20

/**
 * Pairs of tasks that could collide: both write a file, or one reads what the other writes. If one
 * of two tasks waits for the other, they never run at the same time and do not count.
 *
 * @param files All files of the workspace, relative, with `/`. Without them the globs themselves
 * are compared, which finds pairs whose globs may match the same path.
 * @returns In plan order, at most `MAX_OVERLAPS`.
 */
export function overlaps(
  tasks: readonly FileTask[],
  files?: readonly string[],
  contention: readonly Contention[] = findContention(tasks, files),
): Overlap[] {
  if (contention.length === 0) return []
  const ordered = orderOf(tasks)
  const pairs = new Map<string, { a: number; b: number; kind: Overlap['kind'] }>()
  const collect = (one: number, other: number, kind: Overlap['kind']) => {
    if (one === other || ordered(one, other)) return
    const [a, b] = one < other ? [one, other] : [other, one]
    pairs.set(`${a} ${b} ${kind}`, { a, b, kind })
  }
  collecting: for (const { writers, rivals, readers } of contention) {
    for (const writer of writers) {
      for (const rival of rivals) {
        // Take each pair of writers only once.
        if (rivals !== writers || rival > writer) collect(writer, rival, 'write/write')
      }
      for (const reader of readers) collect(writer, reader, 'read/write')
      if (pairs.size >= MAX_OVERLAPS) break collecting
    }
  }
  const named = [...pairs.values()]
    .slice(0, MAX_OVERLAPS)
    .sort((one, other) => one.a - other.a || one.b - other.b || (one.kind < other.kind ? 1 : -1))
    .map((pair) => ({ ...pair, names: new Set<string>(), count: 0 }))
  for (const { writers, rivals, readers, names, of } of contention) {
    const sets = [new Set(writers), new Set(rivals), new Set(readers)] as const
    for (const pair of named) {
      if (!meets(sets, pair)) continue
      // Each file is in only one contention; the same glob may be in several.
      if (of === 'files') pair.count += names.length
      for (const name of of === 'files' ? names.slice(0, MAX_FILES) : names) {
        if (of === 'globs' && !pair.names.has(name)) pair.count += 1
        pair.names.add(name)
      }
    }
  }
  return named.map(({ a, b, kind, names, count }) => ({
    tasks: [tasks[a]?.id ?? '', tasks[b]?.id ?? ''],
    kind,
    files: [...names].slice(0, MAX_FILES),
    fileCount: Math.max(1, count),
  }))
}

function meets(
  [writers, rivals, readers]: readonly [Set<number>, Set<number>, Set<number>],
  { a, b, kind }: { a: number; b: number; kind: Overlap['kind'] },
): boolean {
  const others = kind === 'write/write' ? rivals : readers
  return (writers.has(a) && others.has(b)) || (writers.has(b) && others.has(a))
}
