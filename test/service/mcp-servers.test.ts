import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { LLMock } from '@copilotkit/aimock'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, type Service, startService } from '../support/service.ts'

// The service with MCP servers of its operator: one that is started, one that listens, one that is away.

const STARTED = fileURLToPath(new URL('../executors/model/tools/mcp-server.ts', import.meta.url))

let service: Service
let provider: LLMock
let facts: Awaited<ReturnType<typeof listen>>

/** A server that listens, by the official SDK, for those who know the token. */
async function listen() {
  const server = createServer((request, response) => {
    if (request.headers.authorization !== 'Bearer token-of-facts') {
      response.writeHead(401).end()
      return
    }
    const mcp = new McpServer({ name: 'facts', version: '1.0.0' })
    mcp.registerTool('lookup', { description: 'Looks up.' }, () => ({
      content: [{ type: 'text', text: 'forty-two' }],
    }))
    const transport = new StreamableHTTPServerTransport()
    void mcp.connect(transport as Transport).then(() => transport.handleRequest(request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

beforeAll(async () => {
  provider = new LLMock({ port: 0 })
  const hasResults = (request: { messages: { role: string }[] }) =>
    request.messages.some(({ role }) => role === 'tool')
  for (const [word, name] of [
    ['environment', 'mcp__people__environment'],
    ['facts', 'mcp__facts__lookup'],
  ] as const) {
    provider.addFixture({
      match: {
        predicate: (request) =>
          !hasResults(request) && JSON.stringify(request).includes(`Ask ${word}`),
      },
      response: { toolCalls: [{ name, arguments: '{}' }] },
    })
  }
  provider.addFixture({
    match: { predicate: () => true },
    response: (request) => ({
      content: `It said: ${request.messages.findLast(({ role }) => role === 'tool')?.content}`,
    }),
  })
  await provider.start()
  facts = await listen()
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: {
      TUTTI_MODEL: 'openai:gpt-4o',
      OPENAI_API_KEY: 'sk-of-the-operator',
      OPENAI_BASE_URL: `${provider.url}/v1`,
      FACTS_TOKEN: 'token-of-facts',
      TUTTI_MCP_SERVERS: JSON.stringify({
        people: { command: process.execPath, args: [STARTED], env: { GIVEN: `\${FACTS_TOKEN}` } },
        facts: {
          type: 'http',
          url: facts.url,
          headers: { authorization: `Bearer \${FACTS_TOKEN}` },
        },
        away: { url: 'http://127.0.0.1:9/mcp' },
      }),
    },
  })
})

afterAll(async () => {
  await service.stop()
  await facts.close()
  await provider.stop()
})

async function run(task: object) {
  const { body } = await call<{ id: string; errors?: unknown }>(
    `${service.url}/v1/plans`,
    'POST',
    { tasks: [{ id: 'a', executor: 'model', attempts: 1, ...task }], synthesis: false },
    { prefer: 'wait=60' },
  )
  if (body.errors !== undefined) return { errors: body.errors }
  const answer = await call<{ task: { status: string; output: string; error?: object } }>(
    `${service.url}/v1/plans/${body.id}/tasks/a/output`,
  )
  return answer.body.task
}

test('the servers are listed among the tools that a task may choose', async () => {
  const { body } = await call<{ items: { name: string; tools: string[] }[] }>(
    `${service.url}/v1/executors`,
  )
  const model = body.items.find(({ name }) => name === 'model')
  expect(model?.tools).toEqual(
    expect.arrayContaining(['read', 'mcp__people__*', 'mcp__facts__*', 'mcp__away__*']),
  )
  expect(JSON.stringify(body)).not.toContain('token-of-facts')
  expect(await run({ prompt: 'x', tools: ['mcp__nobody__x'] })).toMatchObject({
    errors: [{ pointer: '/tasks/0/tools/0', detail: "is not one of this executor's tools" }],
  })
})

test('a server that is started gets PATH, HOME and what was written down for it', async () => {
  const task = await run({ prompt: 'Ask environment.', tools: ['mcp__people__environment'] })
  expect(task).toMatchObject({ status: 'succeeded' })
  const output = 'output' in task ? task.output : ''
  expect(output).toContain('GIVEN')
  expect(output).toContain('PATH')
  expect(output).toContain('HOME')
  expect(output).not.toMatch(/OPENAI|REDIS_URL|TUTTI|FACTS_TOKEN|sk-of-the-operator/)
})

test('a server that listens is sent the headers that it needs', async () => {
  const task = await run({ prompt: 'Ask facts.', tools: ['mcp__facts__*'] })
  expect(task).toMatchObject({ status: 'succeeded', output: expect.stringContaining('forty-two') })
})

test('a server that is away fails the task that named it, by its name, and no other', async () => {
  const task = await run({ prompt: 'Look.', tools: ['mcp__away__*'] })
  expect(task).toMatchObject({
    status: 'failed',
    error: { code: 'mcp-unavailable', message: 'The MCP server away could not be reached.' },
  })
  expect(await run({ prompt: 'Look.' })).toMatchObject({ status: 'succeeded' })
})

test('a tool that its server does not have fails the task immediately', async () => {
  expect(await run({ prompt: 'Look.', tools: ['mcp__facts__guess'], attempts: 3 })).toMatchObject({
    status: 'failed',
    error: { code: 'mcp-tool-missing', message: 'The MCP server facts has no tool guess.' },
  })
})

test('what the servers are given is in no log', () => {
  const log = service.api.log() + service.workers.map((worker) => worker.log()).join('')
  expect(log).not.toContain('token-of-facts')
})
