import { Readable } from 'node:stream'

/**
 * A line of JSON an item. The first item is waited for, because an error before it can still
 * become a problem document; one after it cuts the connection, so that nobody takes the part for
 * the whole.
 */
export async function ndjson(items: AsyncIterable<unknown>): Promise<Readable> {
  const iterator = items[Symbol.asyncIterator]()
  const first = await iterator.next()
  return Readable.from(lines(first, iterator), { objectMode: false, highWaterMark: 64 * 1024 })
}

async function* lines(
  first: IteratorResult<unknown>,
  iterator: AsyncIterator<unknown>,
): AsyncGenerator<string> {
  try {
    for (let item = first; item.done !== true; item = await iterator.next()) {
      yield `${JSON.stringify(item.value)}\n`
    }
  } finally {
    await iterator.return?.()
  }
}
