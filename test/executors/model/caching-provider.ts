import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A fake of Anthropic's API that caches prefixes by their bytes, and bills as it does. */
export interface CachingProvider {
  url: string
  /** What each call sent up to its first breakpoint, and what it was billed. */
  calls: {
    prefix: string
    breakpoints: number
    inputTokens: number
    read: number
    written: number
  }[]
  /** Input tokens at their price: a read costs 0.1 of a token, a write 1.25. */
  units(): number
  stop(): Promise<void>
}

interface Block {
  cache_control?: unknown
  [key: string]: unknown
}

export async function cachingProvider(answer: string): Promise<CachingProvider> {
  const cached = new Set<string>()
  const calls: CachingProvider['calls'] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const prefixes = prefixesOf(JSON.parse(body))
      const whole = prefixes.all
      const size = (bytes: string) => Math.ceil(bytes.length / 4)
      const hit = prefixes.marked.filter((prefix) => cached.has(prefix)).at(-1)
      const longest = prefixes.marked.at(-1)
      const read = hit === undefined ? 0 : size(hit)
      const written = longest === undefined ? 0 : size(longest) - read
      const inputTokens = size(whole) - read - written
      calls.push({
        prefix: prefixes.marked[0] ?? '',
        breakpoints: prefixes.marked.length,
        inputTokens,
        read,
        written,
      })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const send = (event: object & { type: string }) =>
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      const usage = {
        input_tokens: inputTokens,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        output_tokens: 1,
      }
      const message = {
        id: 'm',
        type: 'message',
        role: 'assistant',
        content: [],
        model: 'm',
        usage,
      }
      send({ type: 'message_start', message: { ...message, stop_reason: null } } as never)
      // A prefix can be read from the cache once the first answer to it has begun.
      for (const prefix of prefixes.marked) cached.add(prefix)
      send({
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'text', text: '' },
      } as never)
      send({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: answer },
      } as never)
      send({ type: 'content_block_stop', index: 0 } as never)
      const delta = { stop_reason: 'end_turn', stop_sequence: null }
      send({ type: 'message_delta', delta, usage: { output_tokens: 10 } } as never)
      send({ type: 'message_stop' })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    units: () =>
      calls.reduce(
        (sum, call) => sum + call.inputTokens + 0.1 * call.read + 1.25 * call.written,
        0,
      ),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** The bytes up to each breakpoint, in the order in which the API puts a prompt together. */
function prefixesOf(body: {
  tools?: Block[]
  system?: Block[] | string
  messages: { role: string; content: Block[] | string }[]
}): { marked: string[]; all: string } {
  let all = ''
  const marked: string[] = []
  const add = (block: Block | string) => {
    if (typeof block === 'string') {
      all += block
      return
    }
    const { cache_control: mark, ...rest } = block
    all += JSON.stringify(rest)
    if (mark !== undefined) marked.push(all)
  }
  for (const tool of body.tools ?? []) add(tool)
  for (const block of [body.system ?? []].flat()) add(block)
  for (const { role, content } of body.messages) {
    all += role
    for (const block of [content].flat()) add(block)
  }
  return { marked, all }
}
