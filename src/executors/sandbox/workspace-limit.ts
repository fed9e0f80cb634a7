import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../core/contract/errors.ts'

const FIRST_LOOK_MS = 250
/** A folder that takes long to measure is measured less often, so that measuring stays a small part. */
const SHARE = 20

/**
 * Watches a folder that somebody writes to, and aborts once all that lies in it takes more room than
 * it may. What is written between two looks is not stopped: the disk needs some room beside it.
 */
export function limitFolder(
  folder: string,
  maxBytes: number,
): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController()
  let over = false
  let timer: NodeJS.Timeout
  const look = async () => {
    const started = performance.now()
    const bytes = await sizeOf(folder, maxBytes, () => over)
    if (over) return
    if (bytes > maxBytes) {
      const message = `The command's workspace grew beyond ${maxBytes} bytes.`
      controller.abort(new PermanentError('workspace-too-large', message))
      return
    }
    timer = setTimeout(
      () => void look(),
      Math.max(FIRST_LOOK_MS, (performance.now() - started) * SHARE),
    )
  }
  timer = setTimeout(() => void look(), FIRST_LOOK_MS)
  return {
    signal: controller.signal,
    clear() {
      over = true
      clearTimeout(timer)
    },
  }
}

/** Bytes on the disk, files without content too; counting ends where `most` is passed. */
async function sizeOf(folder: string, most: number, isOver: () => boolean): Promise<number> {
  let bytes = 0
  const open = [folder]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of await entriesOf(next)) {
      if (isOver() || bytes > most) return bytes
      const path = join(next, entry.name)
      if (entry.isDirectory()) open.push(path)
      // What is gone meanwhile takes no room.
      const found = await lstat(path).catch(() => undefined)
      // Blocks of 512 bytes, whatever those of the file system are.
      bytes += (found?.blocks ?? 0) * 512
    }
  }
  return bytes
}

/** One that the command made unreadable, or removed, is passed over. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => [])
}
