import { request } from 'node:http'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tutti } from '../../src/client/index.ts'
import { type HttpServer, serveHttp } from '../../src/mcp/http.ts'
import { type FakeService, startFakeService } from '../support/fake-service.ts'
import { freePort } from '../support/redis-server.ts'
import { startTutti } from '../support/run-command.ts'

const PLAN = { tasks: [{ id: 'a', prompt: 'A' }] }

let service: FakeService
let server: HttpServer
beforeEach(async () => {
  service = await startFakeService()
  server = await serveHttp(toService(), 0)
})
afterEach(async () => {
  await server.close()
  await service.close()
})

const toService = () => ({ tutti: tutti({ baseUrl: service.url }), url: service.url })

async function connect(url: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' })
  // The SDK's class declares members that its interface does not allow to be undefined.
  await client.connect(new StreamableHTTPClientTransport(new URL(url)) as Transport)
  return client
}

describe('over streamable HTTP', () => {
  test('a plan is launched and waited for by several clients at the same time', async () => {
    const clients = await Promise.all([connect(server.url), connect(server.url)])
    await clients[0]?.callTool({ name: 'launch_plan', arguments: PLAN })
    const waiting = clients.map((client) =>
      client.callTool({ name: 'plan_status', arguments: { planId: 'plan-1', waitMs: 60_000 } }),
    )
    service.newest().run()
    for (const result of await Promise.all(waiting)) {
      expect(result).toMatchObject({ structuredContent: { status: 'succeeded' } })
    }
    await Promise.all(clients.map((client) => client.close()))
  })

  test('a client survives a restart of the server', async () => {
    const client = await connect(server.url)
    await server.close()
    server = await serveHttp(toService(), Number(new URL(server.url).port))
    expect(await client.callTool({ name: 'list_plans', arguments: {} })).toMatchObject({
      structuredContent: { plans: [] },
    })
    await client.close()
  })

  test('a large plan is taken', async () => {
    const client = await connect(server.url)
    const plan = { ...PLAN, context: 'x'.repeat(1_900_000), metadata: {} }
    const result = await client.callTool({ name: 'launch_plan', arguments: plan })
    expect(result.isError).toBeUndefined()
    await client.close()
  })

  test.each([
    ['a web page of another site', { origin: 'https://evil.example' }, 403],
    ['a name that resolves to the loopback', { host: 'evil.example' }, 403],
    ['a page of the loopback', { origin: 'http://localhost:5173' }, 200],
  ])('%s is told apart', async (_, headers, status) => {
    expect(await post(server.url, headers)).toBe(status)
  })

  test('only POST on its path is answered', async () => {
    expect((await fetch(server.url)).status).toBe(405)
    expect((await fetch(new URL('/', server.url), { method: 'POST' })).status).toBe(404)
  })
})

test('tutti mcp --http serves until it is ended', async () => {
  const port = await freePort()
  const command = startTutti(['mcp', '--http', `${port}`], { env: { TUTTI_URL: service.url } })
  await command.shows(/MCP at http/)
  const client = await connect(`http://127.0.0.1:${port}/mcp`)
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toContain('launch_plan')
  await client.close()
  command.child.kill('SIGTERM')
  expect(await command.finished).toMatchObject({ code: 0, stdout: '' })
})

/** fetch does not let a caller set `Host`. */
function post(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
    const call = request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    })
    call.on('error', reject)
    call.on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.end(JSON.stringify(message))
  })
}
