import { mkdir } from 'node:fs/promises'
import { attributesFolder } from './attributes.ts'
import type { Git } from './git.ts'

/** The three sides of a path that two commits changed incompatibly. */
export interface PathConflict {
  path: string
  /** Blob ids; absent if the path does not exist on that side. */
  base?: string
  ours?: string
  theirs?: string
}

export interface TreeMerge {
  tree: string
  /** Undefined if the merge is clean. May be empty: not every conflict belongs to a path. */
  conflicts: PathConflict[] | undefined
}

/**
 * Merges two commits three-way with their common ancestor (git-merge-tree), without a checkout. The
 * .gitattributes of the plan's base determine how each file is merged.
 */
export async function mergeTree(
  git: Git,
  gitDir: string,
  ours: string,
  theirs: string,
  signal: AbortSignal | undefined,
): Promise<TreeMerge> {
  const workTree = attributesFolder(gitDir)
  await mkdir(workTree, { recursive: true })
  const { code, stdout } = await git(
    ['merge-tree', '--write-tree', '-z', '--no-messages', ours, theirs],
    { gitDir, workTree, codes: [0, 1], signal },
  )
  const [tree = '', ...entries] = stdout.toString().split('\0')
  return { tree, conflicts: code === 0 ? undefined : pathConflicts(entries, [ours, theirs]) }
}

const SIDES = { '1': 'base', '2': 'ours', '3': 'theirs' } as const

/** Parses entries of the form `<mode> <object> <stage>\t<path>`. */
function pathConflicts(entries: string[], commits: string[]): PathConflict[] {
  const byPath = new Map<string, PathConflict>()
  for (const entry of entries) {
    const [, object, stage, name] = /^\d+ ([0-9a-f]+) ([123])\t(.+)$/s.exec(entry) ?? []
    if (object === undefined || name === undefined) continue
    // A file in the place of a folder gets its commit appended to its name.
    const suffix = commits.map((commit) => `~${commit}`).find((end) => name.endsWith(end)) ?? ''
    const path = name.slice(0, name.length - suffix.length)
    const conflict = byPath.get(path) ?? { path }
    conflict[SIDES[stage as keyof typeof SIDES]] = object
    byPath.set(path, conflict)
  }
  return [...byPath.values()]
}
