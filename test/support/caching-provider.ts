import { createServer, type ServerResponse } from 'node:http'
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
  /** What the same calls would have cost with nothing in the cache. */
  coldUnits(): number
  stop(): Promise<void>
}

const READ_PRICE = 0.1
const WRITE_PRICE = 1.25
/** Shorter prefixes are not cached, whoever asks for it. */
const LEAST_TOKENS = 1_024

interface Block {
  cache_control?: unknown
  [key: string]: unknown
}

/** `beginsMs`: how long an answer takes to begin. */
export async function cachingProvider(answer: string, beginsMs = 0): Promise<CachingProvider> {
  const cached = new Set<string>()
  const calls: CachingProvider['calls'] = []
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { marked, all } = prefixesOf(JSON.parse(body))
      const kept = marked.filter((prefix) => size(prefix) >= LEAST_TOKENS)
      const hit = kept.filter((prefix) => cached.has(prefix)).at(-1)
      const longest = kept.at(-1)
      const read = hit === undefined ? 0 : size(hit)
      const written = longest === undefined ? 0 : size(longest) - read
      const inputTokens = size(all) - read - written
      const [prefix = ''] = marked
      calls.push({ prefix, breakpoints: marked.length, inputTokens, read, written })
      const timer = setTimeout(() => {
        timers.delete(timer)
        respond(response, { answer, inputTokens, read, written })
        // A prefix can be read from the cache once the first answer to it has begun.
        for (const prefix of kept) cached.add(prefix)
      }, beginsMs)
      timers.add(timer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    units: () =>
      calls.reduce(
        (sum, call) => sum + call.inputTokens + READ_PRICE * call.read + WRITE_PRICE * call.written,
        0,
      ),
    coldUnits: () =>
      calls.reduce(
        (sum, call) => sum + call.inputTokens + WRITE_PRICE * (call.read + call.written),
        0,
      ),
    stop: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer)
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Tokens, at four bytes each. */
function size(bytes: string): number {
  return Math.ceil(bytes.length / 4)
}

function respond(
  response: ServerResponse,
  sent: { answer: string; inputTokens: number; read: number; written: number },
): void {
  const usage = {
    input_tokens: sent.inputTokens,
    cache_read_input_tokens: sent.read,
    cache_creation_input_tokens: sent.written,
    output_tokens: 1,
  }
  const message = {
    id: 'm',
    type: 'message',
    role: 'assistant',
    content: [],
    model: 'm',
    usage,
    stop_reason: null,
  }
  const events: { type: string; [key: string]: unknown }[] = [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: sent.answer },
    },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 10 },
    },
    { type: 'message_stop' },
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
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
