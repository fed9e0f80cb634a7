import { openFile } from './open-inside.ts'
import { SNIFFED_BYTES } from './text-file.ts'

/** Bytes of a line that are shown. */
const SHOWN_BYTES = 1_000
/** How many of these precede a match that is further into its line. */
const LEAD_BYTES = 200
const CHUNK_BYTES = 256 * 1024
/** Larger files are not searched for matching lines. */
const MAX_SEARCHED_BYTES = 256_000_000

/** Wanted lines by 1-based number, with the 0-based byte at which the match begins. */
export type WantedLines = ReadonlyMap<number, number>

/**
 * Reads single lines of a text file of any size without holding it in memory. Of a long line it
 * returns the part around the match and notes what is left out. `undefined` for a file that is not
 * text, is too large, or is not really at that path.
 */
export async function readMatchingLines(
  root: string,
  path: string,
  wanted: WantedLines,
): Promise<Map<number, string> | undefined> {
  const opened = await openFile(root, path).catch(() => undefined)
  if (opened === undefined) return undefined
  const { handle, parts } = opened
  try {
    // Links resolve to another path; their targets are found under their own names, if at all.
    if (parts.join('/') !== path || (await handle.stat()).size > MAX_SEARCHED_BYTES)
      return undefined
    const last = Math.max(...wanted.keys())
    const lines = new Map<number, string>()
    const buffer = Buffer.alloc(CHUNK_BYTES)
    let number = 1
    let line = newLine(wanted.get(number))
    for (let position = 0; number <= last; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) break
      const chunk = buffer.subarray(0, bytesRead)
      if (position === 0 && chunk.subarray(0, SNIFFED_BYTES).includes(0)) return undefined
      position += bytesRead
      for (let at = 0; at < bytesRead && number <= last; ) {
        const newline = chunk.indexOf(0x0a, at)
        const end = newline === -1 ? bytesRead : newline
        if (wanted.has(number)) line.add(chunk.subarray(at, end))
        if (newline === -1) break
        if (wanted.has(number)) lines.set(number, line.shown())
        number += 1
        line = newLine(wanted.get(number))
        at = newline + 1
      }
    }
    if (wanted.has(number) && !lines.has(number) && line.length() > 0)
      lines.set(number, line.shown())
    return lines
  } finally {
    await handle.close()
  }
}

/** Collects the part of a line that is shown. */
function newLine(matchAt = 0) {
  const from = matchAt < SHOWN_BYTES - LEAD_BYTES ? 0 : matchAt - LEAD_BYTES
  const kept: Buffer[] = []
  let length = 0
  return {
    length: () => length,
    add(bytes: Buffer) {
      const start = Math.max(0, from - length)
      const end = Math.max(0, from + SHOWN_BYTES - length)
      // A copy, because the buffer is reused.
      if (start < bytes.length && end > 0) kept.push(Buffer.from(bytes.subarray(start, end)))
      length += bytes.length
    },
    shown() {
      const bytes = Buffer.concat(kept)
      const text = wholeCharacters(bytes, from + bytes.length < length).replace(/\r$/, '')
      if (from === 0 && length <= SHOWN_BYTES) return text
      const place = from === 0 ? '' : `; from character ${from} on`
      return `${text} [cut: ${length} characters${place}]`
    },
  }
}

/** Removes the remains of characters that were cut in two. */
function wholeCharacters(bytes: Buffer, isCut: boolean): string {
  let start = 0
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  const text = bytes.subarray(start).toString('utf8')
  return isCut ? text.replace(/\uFFFD$/, '') : text
}
