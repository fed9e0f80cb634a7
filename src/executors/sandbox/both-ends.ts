import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Characters that are kept: the beginning, where it says what it does, and more of the end, how it went. */
const HEAD = 6_000
const TAIL = 14_000

/** Reads a stream to its end and keeps both ends of it. */
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
      // Half of a pair has lost its other half.
      return `${head.toWellFormed()}\n[… ${left} characters left out …]\n${tail.toWellFormed()}`
    },
  }
}
