import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Pieces } from '../../core/contract/api.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Smaller answers are sent at once, with their length. */
const MOST_AT_ONCE = 64 * 1024

/**
 * Sends pieces unchanged: a small answer at once, a large one as a stream that is read as fast as
 * its reader takes it. An error before the stream starts can still become a problem document; a
 * later one cuts the connection, so that nobody mistakes the part for the whole.
 */
export async function sendPieces(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  pieces: Pieces,
): Promise<FastifyReply> {
  const iterator = pieces[Symbol.asyncIterator]()
  const read: Uint8Array[] = []
  for (let bytes = 0; bytes <= MOST_AT_ONCE; ) {
    const { done, value } = await iterator.next()
    if (done === true) return reply.type(type).send(Buffer.concat(read))
    read.push(value)
    bytes += value.length
  }
  const stream = Readable.from(rest(read, iterator), { objectMode: false })
  if (request.method === 'HEAD') stream.destroy()
  return reply.type(type).send(request.method === 'HEAD' ? '' : stream)
}

async function* rest(
  read: Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let first = read.shift(); first !== undefined; first = read.shift()) yield first
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

/** The JSON of an object with one more member, which is JSON already. */
export async function* withMember(
  object: object,
  name: string,
  json: Pieces,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify(object).slice(0, -1)},${JSON.stringify(name)}:`)
  yield* json
  yield Buffer.from('}')
}

/** The JSON of `{ items }`, where each item is JSON already. */
export async function* withItems(items: readonly Pieces[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"items":[')
  for (const [index, item] of items.entries()) {
    if (index > 0) yield Buffer.from(',')
    yield* item
  }
  yield Buffer.from(']}')
}
