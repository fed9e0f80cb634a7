import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Providers } from '../../src/executors/model/options.ts'

/** One batch as the provider sees it. */
export interface BatchSeen {
  id: string
  calls: { id: string; body: Record<string, unknown> }[]
  state: 'running' | 'ended' | 'cancelled'
  fileId?: string
}

/** A scripted stand-in for Anthropic and OpenAI with their batch endpoints, over real HTTP. */
export interface BatchingProvider {
  url: string
  providers: Providers
  batches: BatchSeen[]
  /** Bodies of the calls that were made live. */
  live: Record<string, unknown>[]
  /** Ends all running batches. */
  finish(): void
  /** What every answer says. */
  answer: (body: Record<string, unknown>) => string
  /** What happens to requests that create a batch. */
  onCreate: 'accept' | 'accept and break off' | 'refuse'
  stop(): Promise<void>
}

const USAGE = { input: 1_000, output: 100 }

export async function batchingProvider(): Promise<BatchingProvider> {
  const files = new Map<string, string>()
  const provider: BatchingProvider = {
    url: '',
    providers: {},
    batches: [],
    live: [],
    answer: () => 'All is well.',
    onCreate: 'accept',
    finish() {
      for (const batch of provider.batches) if (batch.state === 'running') batch.state = 'ended'
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy())
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const path = (request.url ?? '').split('?')[0] ?? ''
    const json = (value: unknown, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    const created = (batch: BatchSeen, value: unknown) => {
      if (provider.onCreate === 'refuse') return json({ error: { type: 'not_found_error' } }, 404)
      provider.batches.push(batch)
      if (provider.onCreate === 'accept') return json(value)
      provider.onCreate = 'accept'
      response.destroy()
    }
    const batchOf = (id: string | undefined) => provider.batches.find((batch) => batch.id === id)
    const id = `batch_${provider.batches.length + 1}`

    if (path === '/v1/messages' || path === '/v1/chat/completions') {
      const body = JSON.parse(text)
      provider.live.push(body)
      const isChat = path !== '/v1/messages'
      const events = isChat
        ? chatEvents(provider.answer(body))
        : messageEvents(provider.answer(body))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(events)
      return
    }
    if (path === '/v1/messages/batches' && request.method === 'POST') {
      const { requests } = JSON.parse(text)
      const calls = requests.map((each: { custom_id: string; params: object }) => ({
        id: each.custom_id,
        body: each.params,
      }))
      const batch: BatchSeen = { id, calls, state: 'running' }
      return created(batch, anthropicBatch(batch))
    }
    if (path === '/v1/messages/batches') {
      return json({ data: provider.batches.map(anthropicBatch), has_more: false })
    }
    const anthropic = /^\/v1\/messages\/batches\/(\w+)(\/\w+)?$/.exec(path)
    if (anthropic !== null) {
      const batch = batchOf(anthropic[1])
      if (batch === undefined) return json({ error: { type: 'not_found_error' } }, 404)
      if (anthropic[2] === '/cancel') batch.state = 'cancelled'
      if (anthropic[2] !== '/results') return json(anthropicBatch(batch))
      // The order is not that of the calls.
      response.end(
        linesOf(batch, ({ id: custom_id, body }) => ({
          custom_id,
          result:
            batch.state === 'ended'
              ? { type: 'succeeded', message: message(provider.answer(body)) }
              : { type: 'canceled' },
        })),
      )
      return
    }
    if (path === '/v1/files') {
      const fileId = `file_${files.size + 1}`
      files.set(fileId, /\r\n\r\n(\{"custom_id"[\s\S]*?)\r\n--/.exec(text)?.[1] ?? '')
      return json({ id: fileId })
    }
    if (path === '/v1/batches' && request.method === 'POST') {
      const { input_file_id: fileId } = JSON.parse(text)
      const lines = (files.get(fileId) ?? '').split('\n').filter((line) => line !== '')
      const calls = lines
        .map((line) => JSON.parse(line))
        .map(({ custom_id, body }) => ({ id: custom_id, body }))
      const batch: BatchSeen = { id, calls, state: 'running', fileId }
      return created(batch, openaiBatch(batch))
    }
    if (path === '/v1/batches')
      return json({ data: provider.batches.map(openaiBatch), has_more: false })
    const openai = /^\/v1\/batches\/(\w+)(\/cancel)?$/.exec(path)
    if (openai !== null) {
      const batch = batchOf(openai[1])
      if (batch === undefined) return json({ error: { code: 'not_found' } }, 404)
      if (openai[2] !== undefined) batch.state = 'cancelled'
      return json(openaiBatch(batch))
    }
    const output = /^\/v1\/files\/out_(\w+)\/content$/.exec(path)
    const batch = batchOf(output?.[1])
    if (batch === undefined) return json({ error: { code: 'not_found' } }, 404)
    response.end(
      linesOf(batch, ({ id: custom_id, body }) => ({
        custom_id,
        response: { status_code: 200, body: completion(provider.answer(body)) },
      })),
    )
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  provider.providers = {
    anthropicApiKey: 'sk-ant-test',
    anthropicBaseUrl: provider.url,
    openaiApiKey: 'sk-test',
    openaiBaseUrl: `${provider.url}/v1`,
  }
  return provider
}

function linesOf(batch: BatchSeen, line: (call: BatchSeen['calls'][number]) => unknown): string {
  return batch.calls
    .toReversed()
    .map((call) => `${JSON.stringify(line(call))}\n`)
    .join('')
}

function anthropicBatch({ id, calls, state }: BatchSeen) {
  const count = calls.length
  return {
    id,
    type: 'message_batch',
    processing_status: state === 'running' ? 'in_progress' : 'ended',
    request_counts: { processing: count, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    created_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + 86_400_000).toISOString(),
    results_url: null,
  }
}

function openaiBatch({ id, state, fileId }: BatchSeen) {
  const status = state === 'running' ? 'in_progress' : state === 'ended' ? 'completed' : 'cancelled'
  const output = state === 'ended' ? `out_${id}` : null
  return { id, status, input_file_id: fileId, output_file_id: output }
}

function message(text: string) {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: USAGE.input, output_tokens: USAGE.output },
  }
}

function completion(text: string) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: USAGE.input, completion_tokens: USAGE.output, total_tokens: 1_100 },
  }
}

function messageEvents(text: string): string {
  const { content: _, ...start } = message('')
  return [
    { type: 'message_start', message: { ...start, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: USAGE.output },
    },
    { type: 'message_stop' },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('')
}

function chatEvents(text: string): string {
  const { choices: _, usage, ...chunk } = completion('')
  const choice = (delta: object, finish_reason: string | null) => ({
    ...chunk,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  })
  return [
    choice({ role: 'assistant', content: text }, null),
    choice({}, 'stop'),
    { ...chunk, object: 'chat.completion.chunk', choices: [], usage },
  ]
    .map((event) => `data: ${JSON.stringify(event)}\n\n`)
    .concat('data: [DONE]\n\n')
    .join('')
}
