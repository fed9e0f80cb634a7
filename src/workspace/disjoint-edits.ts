import type { OrderedEdits } from '../core/ports/workspaces.ts'

/**
 * The edits that share no file with any others, do not clash with a file in place of a folder, and
 * have no order relative to others. Merging these is the same as applying them all in any order.
 */
export function disjointEdits(edits: readonly OrderedEdits[]): OrderedEdits[] {
  const files = new Map<string, number>()
  for (const path of edits.flatMap(({ edits: { files: paths } }) => paths)) {
    files.set(path, (files.get(path) ?? 0) + 1)
  }
  const folders = new Set(edits.flatMap(({ edits: { files: paths } }) => paths.flatMap(foldersOf)))
  const ordered = new Set(
    edits.flatMap(({ taskId, after }) => (after.length === 0 ? [] : [taskId, ...after])),
  )
  return edits.filter(({ taskId, edits: { files: paths } }) => {
    if (ordered.has(taskId)) return false
    return paths.every(
      (path) =>
        files.get(path) === 1 &&
        !folders.has(path) &&
        foldersOf(path).every((folder) => !files.has(folder)),
    )
  })
}

/** `a` and `a/b` for `a/b/c`. */
export function foldersOf(path: string): string[] {
  const names = path.split('/')
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'))
}
