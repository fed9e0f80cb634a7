import { isUtf8 } from 'node:buffer'
import { openFile } from './open-inside.ts'
import { Refusal } from './refusal.ts'

/** Larger files are searched with `grep`, which does not hold them in memory. */
export const MAX_FILE_BYTES = 5_000_000
/** A NUL character within this many bytes from the start makes a file binary, as in git. */
export const SNIFFED_BYTES = 8_000

export interface TextFile {
  text: string
  /** False if some bytes are not valid text and are U+FFFD in `text`. */
  isValid: boolean
  /** Relative to the workspace, with links resolved. */
  path: string
}

/** Reads a whole text file. @throws {Refusal} */
export async function readTextFile(root: string, path: string): Promise<TextFile> {
  const { handle, parts } = await openFile(root, path)
  try {
    const { size } = await handle.stat()
    if (size > MAX_FILE_BYTES) {
      throw new Refusal(`${path} has ${size} bytes, more than can be read at once. Use grep.`)
    }
    // A file may grow while it is being read; anything beyond the limit is ignored.
    const buffer = Buffer.alloc(Math.min(size, MAX_FILE_BYTES))
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    const bytes = buffer.subarray(0, length)
    if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) {
      throw new Refusal(`${path} is a binary file of ${size} bytes.`)
    }
    return { text: bytes.toString('utf8'), isValid: isUtf8(bytes), path: parts.join('/') }
  } finally {
    await handle.close()
  }
}

/** Lines without their endings. A final line ending does not start another line. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/**
 * The same for a file that will be changed. @throws {Refusal} If some of its bytes would be lost.
 */
export async function readEditable(root: string, path: string): Promise<TextFile> {
  const file = await readTextFile(root, path)
  if (file.isValid) return file
  throw new Refusal(`${path} is not valid UTF-8; changing it here would damage its other bytes.`)
}
