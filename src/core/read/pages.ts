import type { TaskStore } from '../ports/task-life.ts'

/** Tasks per page when all tasks of a plan are read. */
const CHUNK = 250

/** Bytes of specifications that one reader holds at a time. */
const BYTES_AT_ONCE = 2_000_000

/** Up to this many are read without asking for sizes first: in small plans, round trips dominate. */
export const FEW = 5

/** Groups task ids so that the specifications of each group, which contain prompts, stay small. */
export async function* inPages(
  tasks: Pick<TaskStore, 'specSizes'>,
  planId: string,
  ids: readonly string[],
  bytes = BYTES_AT_ONCE,
): AsyncGenerator<string[]> {
  for (let at = 0; at < ids.length; at += CHUNK) {
    const some = ids.slice(at, at + CHUNK)
    const sizes = some.length <= FEW ? [] : await tasks.specSizes(planId, some)
    yield* withinBytes(some, sizes, bytes)
  }
}

/** Groups items, in order, into groups of at most `bytes`, or of a single larger item. */
export function withinBytes<Item>(
  items: readonly Item[],
  sizes: readonly number[],
  bytes: number,
): Item[][] {
  const groups: Item[][] = []
  let left = 0
  for (const [index, item] of items.entries()) {
    const size = sizes[index] ?? 0
    const group = groups.at(-1)
    if (group === undefined || size > left) {
      groups.push([item])
      left = bytes - size
    } else {
      group.push(item)
      left -= size
    }
  }
  return groups
}
