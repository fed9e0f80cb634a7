import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A submission: one task per text, all with the same duration. */
export interface Batch {
  texts: string[]
  delayMs: number
}

/**
 * The minimal HTTP server for submitting and waiting: POST answers 202 with an id, GET answers with
 * the result once it exists. Tells the parent process its port.
 */
export async function serveFront(queue: {
  submit(batch: Batch): Promise<string>
  result(id: string): Promise<string>
}): Promise<void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    const answer = (status: number, value: unknown) => {
      const body = JSON.stringify(value)
      const length = Buffer.byteLength(body)
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': length })
      response.end(body)
    }
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const id = request.url?.slice(1) ?? ''
      const answered =
        request.method === 'POST'
          ? queue
              .submit(JSON.parse(Buffer.concat(chunks).toString()) as Batch)
              .then((submitted) => answer(202, { id: submitted }))
          : queue.result(id).then((result) => answer(200, { id, result }))
      answered.catch((error: unknown) => answer(500, { error: String(error) }))
    })
  })
  // Contenders take turns, so a connection may be idle for longer than a server would keep it.
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.send?.((server.address() as AddressInfo).port)
  process.on('disconnect', () => process.exit(0))
}

/** Results that may arrive before or after somebody asks for them. */
export function awaited(): {
  of(id: string): Promise<string>
  came(id: string, result: string | Promise<string>): void
} {
  const results = new Map<string, PromiseWithResolvers<string>>()
  const entryOf = (id: string) => {
    const entry = results.get(id) ?? Promise.withResolvers<string>()
    results.set(id, entry)
    return entry
  }
  return {
    async of(id) {
      const result = await entryOf(id).promise
      results.delete(id)
      return result
    },
    came: (id, result) => entryOf(id).resolve(result),
  }
}
