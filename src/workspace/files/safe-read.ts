import { constants } from 'node:fs'
import { lstat, open, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileMode } from '../git/commit-files.ts'
import { isErrno } from './folder-walk.ts'

/** The file is larger than the caller allows. */
export class FileTooLarge extends Error {
  override readonly name = 'FileTooLarge'
}

/**
 * Reads one file or link, as git would store it, from a folder that somebody else may have filled;
 * undefined if it is neither or is gone. A link is read as a link. The result is certain to come
 * from inside the folder, even if a parent folder is replaced by a link in the meantime: the kernel
 * is asked where the opened file is.
 *
 * @param folder its real path
 * @throws {FileTooLarge} It has more than `maxBytes`.
 */
export async function readEntry(
  folder: string,
  path: string,
  maxBytes: number,
): Promise<{ mode: FileMode; content: Buffer } | undefined> {
  const target = join(folder, path)
  try {
    if ((await lstat(target)).isSymbolicLink()) {
      return { mode: '120000', content: await readlink(target, { encoding: 'buffer' }) }
    }
    return await readFile(target, maxBytes)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) return undefined
    throw error
  }
}

async function readFile(
  target: string,
  maxBytes: number,
): Promise<{ mode: FileMode; content: Buffer } | undefined> {
  // Non-blocking, because a named pipe would otherwise wait for its writer.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = await open(target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const facts = await file.stat()
    if (!facts.isFile() || (await openedPath(file.fd, target)) !== target) return undefined
    if (facts.size > maxBytes) throw new FileTooLarge(`more than ${maxBytes} bytes`)
    const content = Buffer.alloc(facts.size)
    let length = 0
    while (length < content.length) {
      const { bytesRead } = await file.read(content, length, content.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    const mode = (facts.mode & 0o100) === 0 ? '100644' : '100755'
    return { mode, content: content.subarray(0, length) }
  } finally {
    await file.close()
  }
}

/** Where an open file really is. Only Linux knows; elsewhere its path is resolved again. */
async function openedPath(fd: number, target: string): Promise<string> {
  return process.platform === 'linux' ? readlink(`/proc/self/fd/${fd}`) : realpath(target)
}
