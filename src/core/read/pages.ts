import type { TaskStore } from '../ports/task-life.ts'

/** Tasks read at once where all of a plan's are needed. */
const CHUNK = 500

/** What of specifications is held at once, for one reader. */
const BYTES_AT_ONCE = 2_000_000

/** So few are read without asking for their sizes: of a small plan, round trips are most of the time. */
export const FEW = 5

/** Ids of tasks in the groups in which their specifications, which hold their prompts, are read. */
export async function* inPages(
  tasks: Pick<TaskStore, 'specSizes'>,
  planId: string,
  ids: readonly string[],
): AsyncGenerator<string[]> {
  for (let at = 0; at < ids.length; at += CHUNK) {
    const some = ids.slice(at, at + CHUNK)
    const sizes = some.length <= FEW ? [] : await tasks.specSizes(planId, some)
    yield* withinBytes(some, sizes, BYTES_AT_ONCE)
  }
}

/** In order, in groups of at most this many bytes, or of one item. */
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
