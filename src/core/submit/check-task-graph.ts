import type { FieldError } from '../contract/errors.ts'
import { distinct } from '../contract/field-errors.ts'
import { MAX_DEPENDENCIES } from '../contract/limits.ts'

interface Node {
  id: string
  dependsOn?: string[] | undefined
}

/** How many names of a long cycle are listed; the rest are only counted. */
const MAX_CYCLE_NAMES = 12

/**
 * The errors in the ids and the order of a plan's tasks: duplicate ids, dependencies on missing
 * tasks or on the task itself, and cycles, each reported once. If there are too many dependencies
 * to examine, that is the only error.
 *
 * @param list JSON Pointer of the tasks. Without it they come from a pattern, and every error about
 * order points to the pattern's template.
 */
export function checkTaskGraph(tasks: readonly Node[], list: string | undefined): FieldError[] {
  const extra = taskBeyond(tasks, MAX_DEPENDENCIES)
  if (extra !== undefined) {
    const pointer = list === undefined ? '/pattern/task/dependsOn' : `${list}/${extra}/dependsOn`
    const detail = `is too much: the tasks of a plan may have ${MAX_DEPENDENCIES} dependencies together`
    return [{ pointer, detail }]
  }
  const errors: FieldError[] = []
  const places = new Map<string, number>()
  const pointer = (task: number, field: string) =>
    list === undefined ? `/pattern/task/${field}` : `${list}/${task}/${field}`
  for (const [index, { id }] of tasks.entries()) {
    const earlier = places.get(id)
    if (earlier === undefined) places.set(id, index)
    else {
      errors.push({
        pointer: pointer(index, 'id'),
        detail: `"${id}" is also the id of task ${earlier + 1}`,
      })
    }
  }
  const edges = tasks.map(({ id, dependsOn = [] }, index) =>
    dependsOn.flatMap((name, position) => {
      const place = places.get(name)
      const field = `dependsOn/${position}`
      if (place === undefined) {
        errors.push({ pointer: pointer(index, field), detail: `no task has the id "${name}"` })
        return []
      }
      if (name === id) {
        errors.push({ pointer: pointer(index, field), detail: `"${id}" cannot depend on itself` })
        return []
      }
      return [place]
    }),
  )
  for (const cycle of findCycles(edges)) {
    const names = [...cycle, cycle[0] ?? 0].map((index) => tasks[index]?.id ?? '')
    const shown =
      names.length <= MAX_CYCLE_NAMES
        ? names
        : [
            ...names.slice(0, MAX_CYCLE_NAMES - 2),
            `(${names.length - MAX_CYCLE_NAMES + 1} more)`,
            names.at(-1),
          ]
    errors.push({
      pointer: pointer(cycle[0] ?? 0, 'dependsOn'),
      detail: `a cycle, in which each task waits for the next: ${shown.join(' -> ')}`,
    })
  }
  return distinct(errors)
}

/** The task whose dependencies exceed the total limit. */
function taskBeyond(tasks: readonly Node[], most: number): number | undefined {
  let count = 0
  for (const [index, { dependsOn = [] }] of tasks.entries()) {
    count += dependsOn.length
    if (count > most) return index
  }
  return undefined
}

/**
 * Finds the cycles of a graph, given the dependencies of each node. Nodes without open dependencies
 * are removed repeatedly (Kahn 1962). What is left is on a cycle or waits for one, so following any
 * open dependency must come back to a node already visited.
 */
function findCycles(edges: readonly number[][]): number[][] {
  const open = edges.map((dependencies) => dependencies.length)
  const dependents = edges.map((): number[] => [])
  for (const [node, dependencies] of edges.entries()) {
    for (const dependency of dependencies) dependents[dependency]?.push(node)
  }
  const free = open.flatMap((count, node) => (count === 0 ? [node] : []))
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    for (const dependent of dependents[next] ?? []) {
      const left = (open[dependent] ?? 0) - 1
      open[dependent] = left
      if (left === 0) free.push(dependent)
    }
  }
  const cycles: number[][] = []
  const walk = new Map<number, number>()
  for (let start = 0; start < edges.length; start += 1) {
    if (open[start] === 0) continue
    const path: number[] = []
    let node: number | undefined = start
    while (node !== undefined && !walk.has(node)) {
      walk.set(node, start)
      path.push(node)
      node = edges[node]?.find((dependency) => open[dependency] !== 0)
    }
    // Otherwise it ran into an earlier walk, whose cycle is already known.
    if (node !== undefined && walk.get(node) === start) {
      cycles.push(fromSmallest(path.slice(path.indexOf(node))))
    }
  }
  return cycles
}

function fromSmallest(cycle: readonly number[]): number[] {
  const start = cycle.indexOf(cycle.reduce((smallest, node) => Math.min(smallest, node)))
  return [...cycle.slice(start), ...cycle.slice(0, start)]
}
