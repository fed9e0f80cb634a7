import { copyFile, rm } from 'node:fs/promises'
import type { TaskEdits } from '../core/ports/executor.ts'
import type { TaskFiles } from './collect-edits.ts'
import type { Git } from './git/git.ts'
import type { PlanRepository } from './git/plan-repository.ts'
import { appliedTree } from './git/task-commits.ts'

/**
 * Writes a task's earlier edits into a folder that only contains its start. The index still
 * describes the start, so that the same edits are collected again.
 *
 * @returns false if the edits do not apply to the start
 */
export async function restoreEdits(
  git: Git,
  { gitDir }: Pick<PlanRepository, 'gitDir'>,
  { folder, indexFile, start }: Pick<TaskFiles, 'folder' | 'indexFile' | 'start'>,
  edits: TaskEdits,
  signal: AbortSignal,
): Promise<boolean> {
  const tree = await appliedTree(git, gitDir, start, [edits.patch], signal)
  if (tree === undefined) return false
  const copy = `${indexFile}.restored`
  try {
    await copyFile(indexFile, copy)
    await git(['read-tree', '-m', '-u', start, tree], {
      gitDir,
      workTree: folder,
      indexFile: copy,
      signal,
    })
    return true
  } finally {
    await rm(copy, { force: true })
  }
}
