import { Readable } from 'node:stream'
import type { Pieces } from '../../core/contract/api.ts'

const LINE_END = Buffer.from('\n')

/**
 * One JSON item per line. The first item is awaited, because an error before it can still become a
 * problem document. A later error cuts the connection, so that nobody mistakes the part for the
 * whole.
 */
export async function ndjson(items: AsyncIterable<Pieces>): Promise<Readable> {
  const iterator = items[Symbol.asyncIterator]()
  const first = await iterator.next()
  return Readable.from(lines(first, iterator), { objectMode: false, highWaterMark: 64 * 1024 })
}

async function* lines(
  first: IteratorResult<Pieces>,
  iterator: AsyncIterator<Pieces>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let item = first; item.done !== true; item = await iterator.next()) {
      yield* item.value
      yield LINE_END
    }
  } finally {
    await iterator.return?.()
  }
}
