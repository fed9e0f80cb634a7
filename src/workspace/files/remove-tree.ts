import { chmod, lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from './folder-walk.ts'

/**
 * Removes a folder and its contents, including read-only folders; links are removed, not followed.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    await remove(folder)
  } catch (error) {
    // Some tools leave folders that even their owner may not change, such as a module cache.
    if (!isErrno(error, 'EACCES', 'EPERM')) throw error
    await unlock(folder)
    await remove(folder)
  }
}

function remove(folder: string): Promise<void> {
  // Another process may still be writing the last file of a task that was cut off.
  return rm(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 })
}

async function unlock(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return
  await chmod(folder, 0o700)
  for (const child of await readdir(folder, { withFileTypes: true })) {
    if (child.isDirectory()) await unlock(join(folder, child.name))
  }
}
