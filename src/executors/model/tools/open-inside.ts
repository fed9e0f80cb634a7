import { existsSync } from 'node:fs'
import { constants, type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Refusal, refusalOf } from './refusal.ts'
import { isGit, partsOf, shown } from './workspace-path.ts'

/** Where the kernel tells what a descriptor refers to; not available on every platform. */
export const HAS_PROC = existsSync('/proc/self/fd')

/** Something open that is proven to be inside the workspace. The caller closes it. */
export interface OpenedPath {
  handle: FileHandle
  /** Its real location, with links resolved, relative to the workspace. */
  parts: string[]
}

/**
 * Opens a file for reading. Links are followed, but their targets must be inside the workspace.
 * This is checked on the opened descriptor, not on the name, so that swapping a link in between
 * gains nothing.
 *
 * @param root The workspace's folder, with links resolved.
 * @throws {Refusal}
 */
export async function openFile(root: string, path: string): Promise<OpenedPath> {
  const parts = partsOf(path)
  // Without O_NONBLOCK, opening a FIFO waits for a writer.
  const opened = await openChecked(root, parts, constants.O_RDONLY | constants.O_NONBLOCK)
  const stats = await opened.handle.stat()
  if (stats.isFile()) return opened
  await opened.handle.close()
  throw new Refusal(
    `${shown(parts)} is ${stats.isDirectory() ? 'a folder' : 'not a regular file'}.`,
  )
}

/** Opens a folder. @throws {Refusal} */
export async function openFolder(root: string, path: string): Promise<OpenedPath> {
  const parts = partsOf(path)
  return openChecked(root, parts, constants.O_RDONLY | constants.O_DIRECTORY)
}

async function openChecked(root: string, parts: string[], flags: number): Promise<OpenedPath> {
  const path = join(root, ...parts)
  const handle = await open(path, flags).catch((error: unknown) => {
    throw refusalOf(error, shown(parts))
  })
  try {
    const inside = relative(root, await realPathOf(handle, path))
    const real = inside === '' ? [] : inside.split(sep)
    if (real[0] === '..' || inside.startsWith(sep)) {
      throw new Refusal(`${shown(parts)} leads out of the workspace.`)
    }
    if (real.some(isGit)) throw new Refusal('.git is not accessible.')
    return { handle, parts: real }
  } catch (error) {
    await handle.close()
    throw refusalOf(error, shown(parts))
  }
}

async function realPathOf(handle: FileHandle, path: string): Promise<string> {
  if (HAS_PROC) return readlink(`/proc/self/fd/${handle.fd}`)
  const real = await realpath(path)
  const [named, opened] = await Promise.all([stat(real), handle.stat()])
  if (named.dev === opened.dev && named.ino === opened.ino) return real
  throw new Refusal('The path changed while it was opened.')
}
