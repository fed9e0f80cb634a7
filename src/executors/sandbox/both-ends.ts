import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/**
 * Characters that are kept: the beginning, which says what the program does, and more of the end,
 * which says how it went.
 */
const HEAD = 6_000
const TAIL = 14_000

/** Reads a stream to its end and keeps its beginning and end. */
export function bothEnds(stream: Readable): { text(): string } {
  const decoder = new StringDecoder('utf8')
  let head = ''
  let tail = ''
  let left = 0
  const add = (piece: string) => {
    const first = piece.slice(0, HEAD - head.length)
    head += first
    const rest = tail + piece.slice(first.length)
    left += Math.max(0, rest.length - TAIL)
    tail = rest.slice(-TAIL)
  }
  stream.on('data', (bytes: Buffer) => add(decoder.write(bytes)))
  stream.on('end', () => add(decoder.end()))
  stream.on('error', () => {})
  return {
    text() {
      if (left === 0) return head + tail
      // Repair surrogate pairs that were cut in two.
      return `${head.toWellFormed()}\n[… ${left} characters left out …]\n${tail.toWellFormed()}`
    },
  }
}
