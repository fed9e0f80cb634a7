import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Agents, agentTask, openAgents } from './mortal-workers.ts'

let agents: Agents
let http: Server
/** Calls of each tool of the server. */
const called = { book: 0, look: 0, put: 0 }

beforeAll(async () => {
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const server = new McpServer({ name: 'shop', version: '1.0.0' })
    const tool = (name: keyof typeof called, annotations: object) =>
      server.registerTool(name, { description: name, annotations }, () => {
        called[name] += 1
        return { content: [{ type: 'text', text: `${name} ${called[name]}` }] }
      })
    tool('book', {})
    tool('look', { readOnlyHint: true })
    tool('put', { idempotentHint: true })
    const transport = new StreamableHTTPServerTransport({})
    await server.connect(transport as Parameters<typeof server.connect>[0])
    await transport.handleRequest(request, response)
  }
  http = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  agents = await openAgents(
    inject('redisUrl'),
    [
      {
        text: 'I book.',
        calls: [
          ['mcp__shop__book', {}],
          ['mcp__shop__look', {}],
          ['mcp__shop__put', {}],
        ],
      },
      { text: 'Booked.' },
    ],
    { shop: { url: `http://127.0.0.1:${port}/mcp` } },
  )
})

afterAll(async () => {
  await agents.close()
  http.closeAllConnections()
  http.close()
})

test('a tool call that may have taken effect is not repeated, and the model is told so', async () => {
  const plan = await agents.units.aPlan([agentTask({ tools: ['mcp__shop__*'] })])
  // Its tools have run, and the step that says what they said is lost.
  const first = agents.aWorker({ step: 1, phase: 'during the store', isStored: false })
  void first.run(plan.units[0])
  await first.death
  expect(called).toEqual({ book: 1, look: 1, put: 1 })

  await agents.aWorker().run(plan.units[0], 2)
  expect(await plan.state('work')).toMatchObject({ status: 'succeeded' })
  expect(called).toEqual({ book: 1, look: 2, put: 2 })
  const { steps } = await agents.units.steps.read(plan.id, 'work', 0, 10)
  const [book, look] = steps[0]?.results ?? []
  expect(JSON.stringify(book?.result)).toContain('Whether it took effect is unknown')
  expect(JSON.stringify(look?.result)).toContain('look 2')
  const last = agents.provider.calls.at(-1)?.body ?? ''
  expect(last).toContain('Whether it took effect is unknown')
  first.lost.abort()
})
