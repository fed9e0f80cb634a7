import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { costOf } from '../../src/core/budget/prices.ts'

export interface BilledCall {
  body: string
  maxTokens: number | undefined
  usd: number
}

/** Speaks OpenAI's chat completions, and notes what a provider would send a bill for. */
export interface BillingProvider {
  url: string
  /** Of all calls that were answered, at the list price of `openai:<model>`. */
  calls: BilledCall[]
  billedUsd(): number
  /** The most calls that it has answered at the same time, since it was asked the last time. */
  mostAtOnce(): number
  /** Resolves once this many calls are open at the same time. */
  untilAtOnce(count: number): Promise<void>
  close(): Promise<void>
}

export interface Answer {
  text?: string
  /** Tokens that it would write if it could. */
  outputTokens?: number
  inputTokens?: number
  /** Whether it stops at the limit that it is given. */
  heedsLimit?: boolean
  delayMs?: number
  /** Answers after this, however long that takes. */
  after?: Promise<unknown>
  /** Refuses the call with this status instead. */
  status?: number
  /** What it says with that status. */
  said?: string
}

/** A token for four bytes, as texts mostly have, unless the answer says otherwise. */
export async function startBillingProvider(
  answerOf: (body: string) => Answer,
): Promise<BillingProvider> {
  const calls: BilledCall[] = []
  let atOnce = 0
  let most = 0
  const opened = new EventEmitter()
  opened.setMaxListeners(0)
  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const answer = answerOf(body)
    atOnce += 1
    most = Math.max(most, atOnce)
    opened.emit('call')
    await answer.after
    await delay(answer.delayMs ?? 20)
    atOnce -= 1
    if (answer.status !== undefined) {
      response.writeHead(answer.status, { 'content-type': 'application/json', 'retry-after': '0' })
      response.end(JSON.stringify({ error: { message: answer.said ?? 'no' } }))
      return
    }
    const { model, max_tokens: limit, max_completion_tokens: other } = JSON.parse(body)
    const maxTokens: number | undefined = limit ?? other
    const wanted = answer.outputTokens ?? 100
    const heeds = answer.heedsLimit !== false && maxTokens !== undefined
    const outputTokens = heeds ? Math.min(wanted, maxTokens) : wanted
    const inputTokens = answer.inputTokens ?? Math.ceil(body.length / 4)
    const tokens = { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0 }
    calls.push({ body, maxTokens, usd: costOf(`openai:${model}`, tokens) })
    const reason = outputTokens < wanted ? 'length' : 'stop'
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const head = { id: 'answer', object: 'chat.completion.chunk', created: 0, model }
    const delta = { role: 'assistant', content: answer.text ?? 'Nothing to report.' }
    const usage = {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    }
    for (const chunk of [
      { ...head, choices: [{ index: 0, delta, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: reason }] },
      { ...head, choices: [], usage },
    ]) {
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    }
    response.end('data: [DONE]\n\n')
  }
  const server = createServer((request, response) => {
    reply(request, response).catch((error: Error) => response.destroy(error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    calls,
    billedUsd: () => calls.reduce((sum, { usd }) => sum + usd, 0),
    mostAtOnce() {
      const since = most
      most = atOnce
      return since
    },
    async untilAtOnce(count) {
      while (atOnce < count) await once(opened, 'call')
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
