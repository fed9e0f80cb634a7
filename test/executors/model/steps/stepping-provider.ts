import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One answer: a text, and calls of tools by name. */
export interface Said {
  text?: string
  calls?: [name: string, input: object][]
}

export interface SteppingProvider {
  url: string
  /** Of each call that came, its step from 1 and its body. */
  calls: { step: number; body: string }[]
  /** Called when a call has come, and when half of its answer was sent; one that never resolves is a stall. */
  hook: (step: number, phase: 'come' | 'half') => Promise<void>
  close(): Promise<void>
}

/**
 * Speaks OpenAI's chat completions. Which answer is due follows from the messages alone, so a call made
 * again is answered with the same.
 */
export async function steppingProvider(script: readonly Said[]): Promise<SteppingProvider> {
  const provider: SteppingProvider = {
    url: '',
    calls: [],
    hook: async () => {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const server = createServer((request, response) => {
    reply(request, response).catch((error: Error) => response.destroy(error))
  })

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const { messages } = JSON.parse(body) as { messages: { role: string }[] }
    const step = messages.filter(({ role }) => role === 'assistant').length + 1
    provider.calls.push({ step, body })
    await provider.hook(step, 'come')
    const { text = '', calls = [] } = script[step - 1] ?? { text: 'Nothing more.' }
    const head = { id: `answer-${step}`, object: 'chat.completion.chunk', created: 0, model: 'm' }
    const send = (delta: object, finish: string | null = null, rest: object = {}) =>
      response.write(
        `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }], ...rest })}\n\n`,
      )
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    send({ role: 'assistant', content: text.slice(0, text.length / 2) })
    await provider.hook(step, 'half')
    send({ content: text.slice(text.length / 2) })
    for (const [index, [name, input]] of calls.entries()) {
      const made = { name, arguments: JSON.stringify(input) }
      send({
        tool_calls: [{ index, id: `call-${step}-${index}`, type: 'function', function: made }],
      })
    }
    const usage = { prompt_tokens: 100 * step, completion_tokens: step, total_tokens: 101 * step }
    send({}, calls.length > 0 ? 'tool_calls' : 'stop', { usage })
    response.end('data: [DONE]\n\n')
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  return provider
}
