import { isUtf8 } from 'node:buffer'
import type { MergedEdits } from '../core/contract/synthesis.ts'
import type { OrderedEdits } from '../core/ports/workspaces.ts'
import { disjointEdits } from './disjoint-edits.ts'
import { type Git, GitFailure, OutputTooLarge } from './git/git.ts'
import { mergeTree, type PathConflict } from './git/merge-tree.ts'
import { patchBetween } from './git/patch.ts'
import type { PlanRepository } from './git/plan-repository.ts'
import { appliedTree, commitTree, taskCommits } from './git/task-commits.ts'
import type { WorkspaceLimits } from './options.ts'

type Conflict = MergedEdits['conflicts'][number]

/** Further conflicts are listed without their contents. */
const MAX_SHOWN_CONFLICTS = 100

/**
 * Merges the edits of tasks, in the given order, into one commit on the plan's base, each three-way
 * with what was merged before it. A conflicting task is left out completely, because half of its
 * edits are not what it did.
 */
export async function mergeEdits(
  git: Git,
  repository: PlanRepository,
  edits: readonly OrderedEdits[],
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<MergedEdits> {
  const { gitDir, base, date } = repository
  const commits = taskCommits(git, repository, edits, signal)
  const merged: OrderedEdits[] = []
  const conflicts: Conflict[] = []
  let tip = base
  let tree = base
  // The tasks of most plans keep out of each other's way, and can be merged for the price of one.
  for (const batch of batches(disjointEdits(edits), limits.maxPatchBytes)) {
    const patches = batch.map((entry) => entry.edits.patch)
    const applied = await appliedTree(git, gitDir, tree, patches, signal)
    if (applied === undefined) continue
    tree = applied
    merged.push(...batch)
  }
  if (merged.length > 0) tip = await commitTree(git, gitDir, tree, [base], date, 'merge')
  const simple = new Set(merged)
  for (const entry of edits) {
    if (simple.has(entry)) continue
    const commit = await commits.of(entry.taskId)
    const result =
      commit === undefined ? undefined : await mergeTree(git, gitDir, tip, commit, signal)
    if (commit !== undefined && result !== undefined && result.conflicts === undefined) {
      // With both parents, so that later merges know what the task brought with it.
      tip = await commitTree(git, gitDir, result.tree, [tip, commit], date, 'merge')
      tree = result.tree
      merged.push(entry)
      continue
    }
    const found = result?.conflicts ?? []
    const paths = found.length > 0 ? found : entry.edits.files.map((path) => ({ path }))
    for (const conflict of paths) {
      const shown = conflicts.length < MAX_SHOWN_CONFLICTS
      conflicts.push({
        path: conflict.path,
        tasks: [...ownersOf(conflict.path, merged), entry.taskId],
        ...(shown ? await contents(git, gitDir, conflict, limits.maxConflictBytes) : {}),
      })
    }
  }
  if (merged.length === 0) return { base, merged: [], conflicts, patch: '' }
  const isMerged = new Set(merged)
  const ids = edits.filter((entry) => isMerged.has(entry)).map(({ taskId }) => taskId)
  const commit = await commitTree(git, gitDir, tree, [base], date, message(ids))
  const maxBytes = limits.maxPatchBytes * merged.length
  const { patch } = await patchBetween(git, gitDir, base, commit, maxBytes)
  return { base, commit, merged: ids, conflicts, patch }
}

/** Consecutive edits together, up to this many bytes of patches. */
function batches(edits: OrderedEdits[], maxBytes: number): OrderedEdits[][] {
  const found: OrderedEdits[][] = []
  let left = 0
  for (const entry of edits) {
    const bytes = Buffer.byteLength(entry.edits.patch)
    if (found.length === 0 || bytes > left) {
      found.push([])
      left = maxBytes
    }
    left -= bytes
    found.at(-1)?.push(entry)
  }
  return found
}

function message(taskIds: string[]): string {
  return `Edits of ${taskIds.length === 1 ? 'one task' : `${taskIds.length} tasks`}\n\n${taskIds.join('\n')}`
}

/** The merged tasks that changed a path, or (after a rename, or for a folder) what is around it. */
function ownersOf(path: string, merged: readonly OrderedEdits[]): string[] {
  const owners = (touches: (file: string) => boolean) =>
    merged.filter(({ edits }) => edits.files.some(touches)).map(({ taskId }) => taskId)
  const exact = owners((file) => file === path)
  if (exact.length > 0) return exact
  return owners((file) => file.startsWith(`${path}/`) || path.startsWith(`${file}/`))
}

async function contents(
  git: Git,
  gitDir: string,
  conflict: PathConflict,
  maxBytes: number,
): Promise<Pick<Conflict, 'base' | 'ours' | 'theirs'>> {
  const sides: Pick<Conflict, 'base' | 'ours' | 'theirs'> = {}
  for (const side of ['base', 'ours', 'theirs'] as const) {
    const object = conflict[side]
    const text = object === undefined ? undefined : await textOf(git, gitDir, object, maxBytes)
    if (text !== undefined) sides[side] = text
  }
  return sides
}

async function textOf(
  git: Git,
  gitDir: string,
  object: string,
  maxBytes: number,
): Promise<string | undefined> {
  try {
    const call = { gitDir, maxOutputBytes: maxBytes }
    const { stdout } = await git(['cat-file', 'blob', object], call)
    return isUtf8(stdout) && !stdout.includes(0) ? stdout.toString() : undefined
  } catch (error) {
    // Too large to show, or not a file: a submodule's commit.
    if (error instanceof OutputTooLarge || error instanceof GitFailure) return undefined
    throw error
  }
}
