import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../core/contract/errors.ts'

const FIRST_LOOK_MS = 250
/**
 * A folder that takes long to measure is measured less often, so that measuring stays a small part.
 */
const SHARE = 20

/**
 * Watches a folder that is being written to, and aborts once its contents exceed the limit. What is
 * written between two checks is not stopped, so the disk needs some spare room.
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

/** Bytes on disk, including files without content; stops counting beyond `most`. */
async function sizeOf(folder: string, most: number, isOver: () => boolean): Promise<number> {
  let bytes = 0
  const open = [folder]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of await entriesOf(next)) {
      if (isOver() || bytes > most) return bytes
      const path = join(next, entry.name)
      if (entry.isDirectory()) open.push(path)
      // Something deleted in the meantime takes no space.
      const found = await lstat(path).catch(() => undefined)
      // In blocks of 512 bytes, whatever the file system's block size.
      bytes += (found?.blocks ?? 0) * 512
    }
  }
  return bytes
}

/** Skips folders that the command made unreadable or removed. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => [])
}
