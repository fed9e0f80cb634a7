import { isUtf8 } from 'node:buffer'
import { openFile } from './open-inside.ts'
import { Refusal } from './refusal.ts'

/** Larger ones are searched with `grep`, which does not hold them in memory. */
export const MAX_FILE_BYTES = 5_000_000
/** A NUL character in this many bytes at the beginning makes a file binary, as git has it. */
export const SNIFFED_BYTES = 8_000

export interface TextFile {
  text: string
  /** False where bytes of it are no text, and stand in `text` as U+FFFD. */
  isValid: boolean
  /** Links resolved, relative to the workspace. */
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
    // A file may grow while it is read; what is past the limit is not looked at.
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

/** Lines without their ends; the end of the last line begins no further one. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** The same for a file that is to be changed. @throws {Refusal} Bytes of it would be lost. */
export async function readEditable(root: string, path: string): Promise<TextFile> {
  const file = await readTextFile(root, path)
  if (file.isValid) return file
  throw new Refusal(`${path} is not valid UTF-8; changing it here would damage its other bytes.`)
}
