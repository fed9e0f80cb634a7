import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { modelExecutor } from '../../../src/executors/model/executor.ts'
import { aContext, aRequest } from '../requests.ts'

type Body = {
  messages: { role: string; content?: unknown; tool_calls?: unknown[] }[]
  [field: string]: unknown
}

export type MisbehavingServer = Awaited<ReturnType<typeof misbehavingServer>>

/** A server that writes what a test tells it to, and an executor whose models are all there. */
export async function misbehavingServer() {
  const root = await mkdtemp(join(tmpdir(), 'tutti-agent-'))
  await writeFile(join(root, 'a.txt'), 'needle\n')
  let stop: () => Promise<void> = async () => {}

  /** Answers each call with what the next function writes; the last one answers all further calls. */
  async function executorOn(...answers: ((response: ServerResponse, body: Body) => void)[]) {
    const bodies: Body[] = []
    const server = createServer((request, response) => {
      void text(request).then((raw) => {
        const body = JSON.parse(raw) as Body
        bodies.push(body)
        answers[Math.min(bodies.length, answers.length) - 1]?.(response, body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    stop = () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    const { port } = server.address() as AddressInfo
    const executor = modelExecutor({
      providers: {
        localBaseUrl: `http://127.0.0.1:${port}/v1`,
        anthropicBaseUrl: `http://127.0.0.1:${port}/v1`,
        openaiApiKey: 'key',
        openaiBaseUrl: `http://127.0.0.1:${port}/v1`,
      },
      defaultModel: 'local:m',
    })
    const run = (spec: object = {}) =>
      executor.execute(aRequest(spec, { workspace: { root, writable: false } }), aContext())
    return { run, bodies }
  }

  return {
    executorOn,
    async close() {
      await stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

export function chunk(delta: object, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', created: 0, model: 'm', choices })}\n\n`
}

export function streamed(...chunks: string[]) {
  return (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end([...chunks, 'data: [DONE]\n\n'].join(''))
  }
}

/** A piece of an answer that calls a tool. */
export const toolCall = (name: string, input: string, index = 0) => ({
  tool_calls: [
    { index, id: `call-${index}`, type: 'function', function: { name, arguments: input } },
  ],
})
