import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpenedWorkspace, TaskAccess } from '../core/ports/workspaces.ts'
import { checkOut } from './checkout.ts'
import { collectEdits } from './collect-edits.ts'
import { fileContents } from './files/file-contents.ts'
import { removeTree } from './files/remove-tree.ts'
import type { Git } from './git/git.ts'
import type { PlanRepository } from './git/plan-repository.ts'
import type { WorkspaceLimits } from './options.ts'
import { restoreEdits } from './restore-edits.ts'

/**
 * A folder for a single task, with the files of the commit that it starts from, and a scratch folder next
 * to it. The repository stays outside and is not shared with tasks.
 */
export async function openTaskFolder(
  git: Git,
  repository: PlanRepository,
  plan: { folder: string; start: string },
  task: TaskAccess,
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<OpenedWorkspace> {
  const { gitDir } = repository
  const { start } = plan
  // A new one for every attempt, so that nothing of an earlier one is found.
  const own = join(plan.folder, 'tasks', `${encodeURIComponent(task.taskId)}-${randomUUID()}`)
  const folder = join(own, 'files')
  const scratch = join(own, 'scratch')
  try {
    await mkdir(scratch, { recursive: true })
    const { indexFile, omitted } = await checkOut(git, gitDir, start, folder, signal)
    const files = { folder, indexFile, omitted, start, writes: task.writes }
    return {
      workspace: { root: folder, writable: true, scratch },
      contents: fileContents(folder),
      base: start,
      collectEdits: () => collectEdits(git, repository, files, limits),
      restore: (edits) => restoreEdits(git, repository, files, edits, signal),
      close: () => removeTree(own),
    }
  } catch (error) {
    await removeTree(own)
    throw error
  }
}

/** A folder with the files of a commit, which nobody compares later. */
export async function openCommitFolder(
  git: Git,
  gitDir: string,
  planFolder: string,
  commit: string,
  signal: AbortSignal,
): Promise<Pick<OpenedWorkspace, 'workspace' | 'close'>> {
  const own = join(planFolder, 'tasks', `commit-${randomUUID()}`)
  const folder = join(own, 'files')
  try {
    await checkOut(git, gitDir, commit, folder, signal)
    return { workspace: { root: folder, writable: true }, close: () => removeTree(own) }
  } catch (error) {
    await removeTree(own)
    throw error
  }
}
