import { randomInt } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MCPMock } from '@copilotkit/aimock'
import { afterEach, expect, test } from 'vitest'
import { modelExecutor } from '../../../../src/executors/model/executor.ts'
import type { McpServer } from '../../../../src/executors/model/options.ts'
import { aContext, aRequest } from '../../requests.ts'
import {
  type Scripted,
  type ScriptedProvider,
  scriptedProvider,
  toolCall,
} from '../scripted-provider.ts'

const SERVER = fileURLToPath(new URL('./mcp-server.ts', import.meta.url))
/** In the command line of everything that these tests start: a number of seconds, too. */
const MARK = `300.${randomInt(1e9, 1e10)}`

const started = (env: Record<string, string> = {}): McpServer => ({
  command: process.execPath,
  args: [SERVER, MARK],
  env,
})

let provider: ScriptedProvider | undefined
afterEach(async () => {
  await provider?.stop()
  provider = undefined
})

async function executorWith(mcpServers: Record<string, McpServer>, script: Scripted[]) {
  provider = await scriptedProvider(script)
  return {
    executor: modelExecutor({
      providers: provider.providers,
      defaultModel: 'anthropic:claude-sonnet-4-5',
      mcpServers,
    }),
    calls: provider.calls,
  }
}

/** Processes that run the test server, or were started by it. */
async function serverProcesses(): Promise<string[]> {
  const lines: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(MARK)) lines.push(line)
  }
  return lines
}

test("an operator's server gives a task the tools that it names, and no other", async () => {
  const { executor, calls } = await executorWith({ people: started() }, [
    { toolCalls: [toolCall('mcp__people__greet', { name: 'Ada' })] },
    { content: 'Greeted.' },
  ])
  const spec = { tools: ['mcp__people__greet', 'read'] }
  expect(await executor.execute(aRequest(spec), aContext())).toMatchObject({ status: 'succeeded' })
  expect(calls()[0]?.body.tools?.map((tool) => tool.function.name)).toEqual(['mcp__people__greet'])
  expect(JSON.stringify(calls()[1]?.body.messages.at(-1))).toContain('Hello, Ada!')
  expect(await serverProcesses()).toEqual([])
})

test('a star selects all tools of a server; without a name there are none', async () => {
  const { executor, calls } = await executorWith({ people: started() }, [{ content: 'Fine.' }])
  await executor.execute(aRequest({ tools: ['mcp__people__*'] }), aContext())
  await executor.execute(aRequest(), aContext())
  expect(calls().map(({ body }) => (body.tools ?? []).map((tool) => tool.function.name))).toEqual([
    ['mcp__people__big', 'mcp__people__environment', 'mcp__people__greet', 'mcp__people__hang'],
    [],
  ])
})

test('a server gets the environment that was written down for it, and nothing else', async () => {
  process.env.TUTTI_TEST_SECRET = 'secret-of-the-operator'
  const { executor, calls } = await executorWith({ people: started({ GIVEN: 'yes' }) }, [
    { toolCalls: [toolCall('mcp__people__environment', {}), toolCall('mcp__people__big', {})] },
    { content: 'Done.' },
  ])
  await executor.execute(aRequest({ tools: ['mcp__people__*'] }), aContext())
  delete process.env.TUTTI_TEST_SECRET
  const [environment, big] = calls()[1]?.body.messages.slice(-2) ?? []
  expect(JSON.stringify(environment)).toContain('GIVEN')
  expect(JSON.stringify(environment)).not.toMatch(/secret-of-the-operator|"PATH|HOME/)
  expect(JSON.stringify(big).length).toBeLessThan(50_000)
  expect(JSON.stringify(big)).toContain('[cut: the first 40000 of 100000 characters]')
})

test('an abort ends a tool that hangs, its server and what that started', async () => {
  const { executor, calls } = await executorWith(
    { people: started({ WITH_CHILD: 'yes', PATH: '/usr/bin:/bin' }) },
    [{ toolCalls: [toolCall('mcp__people__hang', {})] }],
  )
  const controller = new AbortController()
  const reason = new Error('cancelled')
  const ended = executor
    .execute(aRequest({ tools: ['mcp__people__*'] }), aContext(controller.signal))
    .catch((error: unknown) => error)
  while (calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  await expect.poll(async () => (await serverProcesses()).length, { timeout: 20_000 }).toBe(2)
  controller.abort(reason)
  // The tool itself would never end.
  expect(await ended).toBe(reason)
  expect(await serverProcesses()).toEqual([])
})

test('a server that cannot be started fails the attempt, to be tried again', async () => {
  const missing = { command: '/no/such/command' }
  const silent = { command: '/bin/sleep', args: [MARK] }
  for (const server of [missing, { url: 'http://127.0.0.1:9/mcp' }]) {
    const { executor } = await executorWith({ people: server }, [{ content: 'Fine.' }])
    const result = executor.execute(aRequest({ tools: ['mcp__people__*'] }), aContext())
    await expect(result).rejects.toMatchObject({ name: 'TransientError', code: 'mcp-unavailable' })
    await provider?.stop()
  }
  const { executor } = await executorWith({ people: silent }, [{ content: 'Fine.' }])
  const controller = new AbortController()
  const result = executor.execute(
    aRequest({ tools: ['mcp__people__*'] }),
    aContext(controller.signal),
  )
  const ended = result.catch((error: unknown) => error)
  while ((await serverProcesses()).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const reason = new Error('timeout')
  controller.abort(reason)
  expect(await ended).toBe(reason)
  expect(await serverProcesses()).toEqual([])
})

test('a server that listens is spoken to over HTTP, with the headers it needs', async () => {
  const mcp = new MCPMock()
  mcp.addTool({ name: 'lookup', description: 'Looks up.', inputSchema: { type: 'object' } })
  mcp.onToolCall('lookup', () => 'forty-two')
  const url = await mcp.start()
  try {
    const { executor, calls } = await executorWith(
      { facts: { url, headers: { authorization: 'Bearer token' } } },
      [{ toolCalls: [toolCall('mcp__facts__lookup', {})] }, { content: 'It is 42.' }],
    )
    const outcome = await executor.execute(aRequest({ tools: ['mcp__facts__lookup'] }), aContext())
    expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'It is 42.' } })
    expect(JSON.stringify(calls()[1]?.body.messages.at(-1))).toContain('forty-two')
  } finally {
    await mcp.stop()
  }
})
