import { existsSync } from 'node:fs'
import { constants, type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Refusal, refusalOf } from './refusal.ts'
import { isGit, partsOf, shown } from './workspace-path.ts'

/** Where the kernel says what a descriptor is open on; not on every platform. */
export const HAS_PROC = existsSync('/proc/self/fd')

/** Something that is open, and proven to lie inside of the workspace. The caller closes it. */
export interface OpenedPath {
  handle: FileHandle
  /** Where it really is, links resolved, relative to the workspace. */
  parts: string[]
}

/**
 * Opens a file for reading. Links are followed, but what they lead to must lie inside: that is
 * checked on what was opened and not on its name, so that swapping a link meanwhile gains nothing.
 *
 * @param root The workspace's folder, links resolved.
 * @throws {Refusal}
 */
export async function openFile(root: string, path: string): Promise<OpenedPath> {
  const parts = partsOf(path)
  // Without O_NONBLOCK, opening a FIFO waits for somebody to write to it.
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
