import type { FileRole } from '../files/kinds.ts'
import type { FileImports, Import } from './read-imports.ts'
import type { Resolver } from './resolve-import.ts'

/** A source file of the workspace, with the files it imports. */
export interface SourceNode extends FileImports {
  path: string
  role: FileRole
  /** Whether the task looks at it; other files are here because imports lead through them. */
  selected: boolean
  generated: boolean
  edges: { to: string; kind: Import['kind']; line: number }[]
}

export type ImportGraph = Map<string, SourceNode>

export function buildGraph(
  files: readonly (FileImports & Pick<SourceNode, 'path' | 'role' | 'selected' | 'generated'>)[],
  resolver: Resolver,
): ImportGraph {
  const graph: ImportGraph = new Map()
  for (const file of files) {
    const edges = file.imports.flatMap(({ specifier, kind, line }): SourceNode['edges'] => {
      if (kind === 'folder') {
        return resolver.filesIn(file.path, specifier).map((to) => ({ to, kind, line }))
      }
      const to =
        kind === 'mention'
          ? resolver.resolveMention(file.path, specifier)
          : resolver.resolve(file.path, specifier)
      return to === undefined ? [] : [{ to, kind, line }]
    })
    graph.set(file.path, { ...file, edges })
  }
  return graph
}

/** The files that run when those of `from` do. */
export function reachable(graph: ImportGraph, from: readonly string[]): Set<string> {
  const reached = new Set(from)
  const pending = [...from]
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const edge of graph.get(path)?.edges ?? []) {
      if (edge.kind === 'type' || reached.has(edge.to)) continue
      reached.add(edge.to)
      pending.push(edge.to)
    }
  }
  return reached
}

/**
 * Groups of files that import each other when they load, each sorted, in a stable order. Tarjan's
 * algorithm with an explicit stack, because import chains may be long.
 */
export function importCycles(graph: ImportGraph): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const onStack = new Set<string>()
  const stack: string[] = []
  const groups: string[][] = []
  for (const start of [...graph.keys()].sort()) {
    if (order.has(start)) continue
    const visits: { path: string; next: string[] }[] = []
    const enter = (path: string) => {
      order.set(path, order.size)
      low.set(path, order.size - 1)
      stack.push(path)
      onStack.add(path)
      visits.push({ path, next: loadedBy(graph, path) })
    }
    enter(start)
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const { path } = visit
      const to = visit.next.pop()
      if (to !== undefined) {
        if (!order.has(to)) enter(to)
        else if (onStack.has(to)) low.set(path, Math.min(low.get(path) ?? 0, order.get(to) ?? 0))
        continue
      }
      visits.pop()
      const parent = visits.at(-1)
      if (parent) low.set(parent.path, Math.min(low.get(parent.path) ?? 0, low.get(path) ?? 0))
      if (low.get(path) !== order.get(path)) continue
      const group = stack.splice(stack.indexOf(path))
      for (const member of group) onStack.delete(member)
      if (group.length > 1 || loadedBy(graph, path).includes(path)) groups.push(group.sort())
    }
  }
  return groups.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))
}

/** The shortest path from a file through its group back to itself, including both ends. */
export function shortestCycle(
  graph: ImportGraph,
  group: readonly string[],
  start: string,
): string[] {
  const members = new Set(group)
  const cameFrom = new Map<string, string>()
  const pending = [start]
  for (const path of pending) {
    for (const to of loadedBy(graph, path).sort()) {
      if (to === start) {
        const way = [start]
        for (let at = path; at !== start; at = cameFrom.get(at) ?? start) way.unshift(at)
        return [start, ...way]
      }
      if (!members.has(to) || cameFrom.has(to)) continue
      cameFrom.set(to, path)
      pending.push(to)
    }
  }
  return [start]
}

function loadedBy(graph: ImportGraph, path: string): string[] {
  const loaded = (graph.get(path)?.edges ?? []).filter(
    ({ kind, to }) => kind === 'static' && graph.has(to),
  )
  return [...new Set(loaded.map(({ to }) => to))]
}
