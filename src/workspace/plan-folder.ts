import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from './files/folder-walk.ts'
import { removeTree } from './files/remove-tree.ts'

/** The parts of `dataDir` that belong to plans, one folder per plan. */
export interface PlanFolders {
  /** Where a plan's folder is, or would be. */
  path(planId: string): string
  /** The real path of a plan's folder, created if necessary. */
  make(planId: string): Promise<string>
  /** Plans that have a folder here. */
  list(): Promise<string[]>
  remove(planId: string): Promise<void>
  /** Removes what a process left behind that died while removing a plan. */
  removeLeftovers(): Promise<void>
}

export function planFolders(dataDir: string): PlanFolders {
  const parent = join(dataDir, 'workspaces')
  const folderOf = (planId: string) => join(parent, folderName(planId))
  return {
    path: folderOf,

    async make(planId) {
      const folder = folderOf(planId)
      await mkdir(folder, { recursive: true })
      // Git looks for a repository in all parent folders. This file stops the search, so that git
      // commands in a task's folder find no repository instead of the one that contains `dataDir`.
      await writeFile(join(folder, '.git'), 'gitdir: none\n', { flag: 'wx' }).catch((error) => {
        if (!isErrno(error, 'EEXIST')) throw error
      })
      return realpath(folder)
    },

    async list() {
      const names = await namesIn(parent)
      return names.filter((name) => !name.startsWith('.')).map(decodeURIComponent)
    },

    async remove(planId) {
      // Renamed first, so that another process sees the plan's folder either completely or not at
      // all.
      const doomed = join(parent, `.removed-${randomUUID()}`)
      try {
        await rename(folderOf(planId), doomed)
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return
        throw error
      }
      await removeTree(doomed)
    },

    async removeLeftovers() {
      const doomed = (await namesIn(parent)).filter((name) => name.startsWith('.removed-'))
      for (const name of doomed) await removeTree(join(parent, name))
    },
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

/**
 * Creates a folder atomically: `fill` writes a new one next to it, which is then renamed. If
 * several processes do so at once, the first wins and the others use its folder.
 */
export async function materialise(
  folder: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  if (await exists(folder)) return
  const draft = `${folder}.${randomUUID()}`
  try {
    await mkdir(draft, { recursive: true })
    await fill(draft)
    await rename(draft, folder)
  } catch (error) {
    await removeTree(draft)
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}

/** Maps any id to a folder name and back; dots cannot make it `..` or hidden. */
function folderName(planId: string): string {
  return encodeURIComponent(planId).replaceAll('.', '%2E')
}
