/** What ordering needs to know about a task. */
export interface OrderedTask {
  id: string
  dependsOn?: readonly string[] | undefined
}

/** Further tasks that each task waits for. */
export type ExtraEdges = ReadonlyMap<string, readonly string[]>

/**
 * Indexes of the tasks, each after its dependencies and otherwise in plan order. Tasks on a cycle
 * are left out; cycles have been rejected before.
 */
export function topologicalOrder(tasks: readonly OrderedTask[], extra?: ExtraEdges): number[] {
  const dependencies = dependencyIndexes(tasks, extra)
  const open = dependencies.map((list) => list.length)
  const dependents = tasks.map((): number[] => [])
  for (const [index, list] of dependencies.entries()) {
    for (const dependency of list) dependents[dependency]?.push(index)
  }
  const free = new SmallestFirst()
  for (const [index, count] of open.entries()) if (count === 0) free.add(index)
  const order: number[] = []
  for (let index = free.take(); index !== undefined; index = free.take()) {
    order.push(index)
    for (const dependent of dependents[index] ?? []) {
      const left = (open[dependent] ?? 0) - 1
      open[dependent] = left
      if (left === 0) free.add(dependent)
    }
  }
  return order
}

/** Ids of the tasks that may run at the same time, wave by wave, in plan order within a wave. */
export function waves(tasks: readonly OrderedTask[], extra?: ExtraEdges): string[][] {
  const dependencies = dependencyIndexes(tasks, extra)
  const level = tasks.map(() => 0)
  for (const index of topologicalOrder(tasks, extra)) {
    const list = dependencies[index] ?? []
    level[index] = list.reduce((deepest, each) => Math.max(deepest, (level[each] ?? 0) + 1), 0)
  }
  const found: string[][] = []
  for (const [index, { id }] of tasks.entries()) {
    const wave = level[index] ?? 0
    while (found.length <= wave) found.push([])
    found[wave]?.push(id)
  }
  return found
}

/**
 * Whether one of two tasks waits for the other, directly or indirectly. The ancestors of a task are
 * one bit per task, because plans have up to ten thousand.
 */
export function orderOf(tasks: readonly OrderedTask[]): (a: number, b: number) => boolean {
  const dependencies = dependencyIndexes(tasks)
  if (dependencies.every((list) => list.length === 0)) return () => false
  const words = Math.ceil(tasks.length / 32)
  const ancestors = tasks.map(() => new Uint32Array(0))
  for (const index of topologicalOrder(tasks)) {
    const list = dependencies[index] ?? []
    if (list.length === 0) continue
    const own = new Uint32Array(words)
    for (const dependency of list) {
      own[dependency >>> 5] = (own[dependency >>> 5] ?? 0) | (1 << (dependency & 31))
      const theirs = ancestors[dependency] ?? new Uint32Array(0)
      for (const [place, bits] of theirs.entries()) own[place] = (own[place] ?? 0) | bits
    }
    ancestors[index] = own
  }
  const waits = (task: number, other: number) =>
    (((ancestors[task]?.[other >>> 5] ?? 0) >>> (other & 31)) & 1) === 1
  return (a, b) => waits(a, b) || waits(b, a)
}

function dependencyIndexes(tasks: readonly OrderedTask[], extra?: ExtraEdges): number[][] {
  const places = new Map(tasks.map(({ id }, index) => [id, index]))
  return tasks.map(({ id, dependsOn = [] }, index) => [
    ...new Set(
      [...dependsOn, ...(extra?.get(id) ?? [])].flatMap((name) => {
        const place = places.get(name)
        return place === undefined || place === index ? [] : [place]
      }),
    ),
  ])
}

/** A binary heap of numbers. */
class SmallestFirst {
  readonly #heap: number[] = []

  add(value: number): void {
    const heap = this.#heap
    let at = heap.push(value) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((heap[parent] ?? 0) <= value) break
      heap[at] = heap[parent] ?? 0
      at = parent
    }
    heap[at] = value
  }

  take(): number | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let at = 0
    while (true) {
      const left = 2 * at + 1
      if (left >= heap.length) break
      const right = left + 1
      const child = (heap[right] ?? Infinity) < (heap[left] ?? Infinity) ? right : left
      if ((heap[child] ?? Infinity) >= last) break
      heap[at] = heap[child] ?? 0
      at = child
    }
    heap[at] = last
    return top
  }
}
