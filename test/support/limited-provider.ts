import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Speaks OpenAI's chat completions and accepts this many requests in any second; the rest get a 429. */
export interface LimitedProvider {
  url: string
  taken(): number
  refused(): number
  close(): Promise<void>
}

export async function startLimitedProvider(perSecond: number): Promise<LimitedProvider> {
  let recent: number[] = []
  let taken = 0
  let refused = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const now = performance.now()
      recent = recent.filter((at) => at > now - 1_000)
      if (recent.length >= perSecond) {
        refused += 1
        response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' })
        response.end(JSON.stringify({ error: { message: 'Too many requests.' } }))
        return
      }
      recent.push(now)
      taken += 1
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const chunk of ANSWER) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
      response.end('data: [DONE]\n\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    taken: () => taken,
    refused: () => refused,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const head = { id: 'answer', object: 'chat.completion.chunk', created: 0, model: 'limited' }
const ANSWER = [
  {
    ...head,
    choices: [
      {
        index: 0,
        delta: { role: 'assistant', content: 'Nothing to report.' },
        finish_reason: null,
      },
    ],
  },
  { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  {
    ...head,
    choices: [],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  },
]
