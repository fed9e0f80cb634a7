import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { soleAllowance } from '../../src/core/budget/allowances.ts'
import { claudeAgentExecutor } from '../../src/executors/claude-agent/claude-agent-executor.ts'
import { type Scripted, scriptedProvider, toolCall } from '../executors/model/scripted-provider.ts'
import { aContext, aRequest } from '../executors/requests.ts'
import { describeExecutor } from '../support/executor-contract.ts'
import { stallingProvider } from './stalling-provider.ts'

const usage = { input_tokens: 10, output_tokens: 5 }
const MODEL = 'anthropic:claude-sonnet-4-5'
const DONE: Scripted = { content: 'Done.', usage }

const calls = (name: string, input: object): Scripted => ({
  toolCalls: [toolCall(name, input)],
  usage,
})

function anExecutor(baseUrl: string | undefined, temporaryDir = tmpdir()) {
  const apiKey = 'sk-ant-secret-1'
  return claudeAgentExecutor({
    apiKey,
    baseUrl,
    defaultModel: MODEL,
    sdkFrom: inject('sdkFrom'),
    temporaryDir,
  })
}

async function aFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-agent-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a task against a provider that answers by a script. */
async function run(script: Scripted[], spec: object = {}, request: object = {}) {
  const provider = await scriptedProvider(script)
  onTestFinished(() => provider.stop())
  const context = aContext()
  const executor = anExecutor(provider.providers.anthropicBaseUrl)
  const settled = await executor.execute(aRequest(spec, request), context).then(
    (outcome) => ({ outcome, error: undefined }),
    (error: unknown) => ({ outcome: undefined, error }),
  )
  return { ...settled, context, calls: provider.calls() }
}

/** The tool results that the agent got. */
function toldBy(run: { calls: { body: { messages: { role: string; content: unknown }[] } }[] }) {
  const messages = run.calls.at(-1)?.body.messages ?? []
  return messages.filter(({ role }) => role === 'tool').map(({ content }) => String(content))
}

describeExecutor('claude-agent on the real SDK', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tutti-agent-'))
  await writeFile(join(root, 'a.txt'), 'something to find\n')
  const stalling = await stallingProvider()
  const search = calls('Grep', { pattern: 'find' })
  const provider = await scriptedProvider([search, DONE, search, DONE])
  const { anthropicBaseUrl } = provider.providers
  const workspace = { root, writable: false }
  const [answering, hanging] = [anExecutor(anthropicBaseUrl), anExecutor(stalling.url)]
  return {
    executor: {
      ...answering,
      execute: (request, context) =>
        (request.prompt === 'Hang.' ? hanging : answering).execute(request, context),
    },
    succeeds: aRequest({}, { workspace }),
    hangs: aRequest({}, { workspace, prompt: 'Hang.' }),
    hanging: () => stalling.called,
    usesTokens: true,
    async close() {
      await provider.stop()
      stalling.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
})

test('answers with text, and counts tokens and cost', async () => {
  const { outcome, context } = await run([{ content: 'All is well.', usage }])
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'All is well.' } })
  expect(outcome?.usage).toMatchObject({ inputTokens: 10, outputTokens: 5, steps: 1 })
  // 10 tokens for 3 and 5 for 15 dollars a million.
  expect(outcome?.usage.costUsd).toBeCloseTo(0.000_105, 8)
  expect(context.text()).toBe('All is well.')
})

test('a prompt is text: no file is put into it, and no command run', async () => {
  const root = await aFolder()
  await writeFile(join(root, 'a.txt'), 'CONTENT')
  const prompt = '/cost @a.txt @/etc/hostname'
  const { calls } = await run([DONE], {}, { prompt, workspace: { root, writable: false } })
  const said = JSON.stringify(calls[0]?.body.messages)
  expect(said).toContain(prompt)
  expect(said).not.toContain('CONTENT')
})

test('takes no instructions, settings or programs from the workspace', async () => {
  const root = await aFolder()
  const marker = join(root, 'was-run')
  const command = `touch ${marker}`
  for (const folder of ['.claude', 'src']) await mkdir(join(root, folder))
  const hook = [{ matcher: '*', hooks: [{ type: 'command', command }] }]
  const settings = {
    hooks: { SessionStart: hook, PreToolUse: hook },
    permissions: { allow: ['Bash(*)'] },
    env: { PLANTED: 'PLANTED' },
  }
  const servers = { planted: { command: 'sh', args: ['-c', command] } }
  await writeFile(join(root, '.claude', 'settings.json'), JSON.stringify(settings))
  await writeFile(join(root, '.mcp.json'), JSON.stringify({ mcpServers: servers }))
  for (const name of ['CLAUDE.md', 'AGENTS.md', 'src/CLAUDE.md', 'src/AGENTS.md']) {
    await writeFile(join(root, name), 'PLANTED')
  }
  await writeFile(join(root, 'src', 'a.txt'), 'INSIDE')
  const script = [calls('Read', { file_path: join(root, 'src/a.txt') }), DONE]
  const done = await run(script, {}, { workspace: { root, writable: false } })
  expect(done.outcome).toMatchObject({ status: 'succeeded' })
  const said = JSON.stringify(done.calls.map(({ body }) => body))
  expect(said).toContain('INSIDE')
  expect(said).not.toMatch(/PLANTED|mcp__planted/)
  expect(await readdir(root)).not.toContain('was-run')
})

test('reads the workspace, and nothing else by any path or link', async () => {
  const [root, outside] = [await aFolder(), await aFolder()]
  await writeFile(join(root, 'a.txt'), 'INSIDE')
  await writeFile(join(outside, 'b.txt'), 'OUTSIDE')
  await symlink(join(outside, 'b.txt'), join(root, 'file'))
  await symlink(outside, join(root, 'folder'))
  await symlink('/proc/self/environ', join(root, 'environ'))
  const attempts = [
    toolCall('Read', { file_path: join(outside, 'b.txt') }),
    toolCall('Read', { file_path: 'file' }),
    toolCall('Read', { file_path: 'folder/b.txt' }),
    toolCall('Read', { file_path: 'environ' }),
    toolCall('Read', { file_path: '/proc/self/environ' }),
    toolCall('Grep', { pattern: 'SIDE|secret', path: outside, output_mode: 'content' }),
    toolCall('Grep', { pattern: 'SIDE|secret', path: 'folder', output_mode: 'content' }),
    toolCall('Grep', { pattern: 'SIDE|secret', output_mode: 'content' }),
    toolCall('Glob', { pattern: '*', path: outside }),
    toolCall('Bash', { command: `cat ${outside}/b.txt` }),
    toolCall('Write', { file_path: join(root, 'new.txt'), content: 'x' }),
  ]
  const workspace = { root, writable: false }
  const done = await run([{ toolCalls: attempts, usage }, DONE], {}, { workspace })
  const told = toldBy(done)
  expect(told).toHaveLength(attempts.length)
  expect(told.filter((text) => text.includes('INSIDE'))).toHaveLength(1)
  expect(told.join()).not.toMatch(/OUTSIDE|secret-1/)
  expect(await readdir(root)).toEqual(['a.txt', 'environ', 'file', 'folder'])
})

test('writes what the task declared, and nothing else by any path or link', async () => {
  const [root, outside] = [await aFolder(), await aFolder()]
  for (const folder of ['src', 'docs', '.git']) await mkdir(join(root, folder))
  await writeFile(join(root, 'src', 'a.ts'), 'const a = 1\n')
  await symlink(outside, join(root, 'src', 'out'))
  await symlink('../docs', join(root, 'src', 'docs'))
  const write = (path: string) => toolCall('Write', { file_path: path, content: 'x' })
  const script: Scripted[] = [
    calls('Read', { file_path: join(root, 'src/a.ts') }),
    {
      toolCalls: [
        toolCall('Edit', {
          file_path: join(root, 'src/a.ts'),
          old_string: '1',
          new_string: '2',
        }),
        ...['src/new/b.ts', 'src/out/c.ts', 'src/docs/d.md', 'docs/e.md', '.git/hooks'].map(
          (path) => write(join(root, path)),
        ),
        write(join(outside, 'f.ts')),
      ],
      usage,
    },
    DONE,
  ]
  const files = { write: ['src/**'] }
  const done = await run(script, { files }, { workspace: { root, writable: true } })
  expect(done.outcome).toMatchObject({ status: 'succeeded' })
  expect(await readFile(join(root, 'src/a.ts'), 'utf8')).toBe('const a = 2\n')
  expect(await readFile(join(root, 'src/new/b.ts'), 'utf8')).toBe('x')
  for (const folder of [outside, join(root, 'docs'), join(root, '.git')]) {
    expect(await readdir(folder), folder).toEqual([])
  }
})

test('an output schema binds the answer', async () => {
  const properties = { score: { type: 'integer' } }
  const outputSchema = { type: 'object', properties, required: ['score'] }
  const script = [
    calls('StructuredOutput', { score: 'seven' }),
    calls('StructuredOutput', { score: 7 }),
    DONE,
  ]
  const { outcome } = await run(script, { outputSchema })
  expect(outcome).toMatchObject({ status: 'succeeded', output: { data: { score: 7 } } })
})

test.each([
  [{ maxSteps: 2 }, 'step-limit'],
  [{ budgetUsd: 0.000_1 }, 'cost-limit'],
])('limits end it with what there is: %o', async (options, code) => {
  const root = await aFolder()
  await writeFile(join(root, 'a.txt'), 'x')
  const toolCalls = [toolCall('Read', { file_path: 'a.txt' })]
  const looking: Scripted = { content: 'Looking.', toolCalls, usage }
  const { outcome } = await run([looking], { options }, { workspace: { root, writable: false } })
  expect(outcome).toMatchObject({ status: 'incomplete', reason: { code } })
  expect(outcome?.output.text).toContain('Looking.')
  expect(outcome?.usage.costUsd).toBeGreaterThan(0)
})

test("what the plan's budget leaves is not passed", async () => {
  const budgetUsd = 0.4
  const root = await aFolder()
  await writeFile(join(root, 'a.txt'), 'x')
  const toolCalls = [toolCall('Read', { file_path: 'a.txt' })]
  // As dear as a call with this limit of output can be: 15 cents each.
  const dear = { input_tokens: 10_000, output_tokens: 8_000 }
  const provider = await scriptedProvider([{ content: 'Looking.', toolCalls, usage: dear }])
  onTestFinished(() => provider.stop())
  const context = { ...aContext(), allowance: soleAllowance(budgetUsd, () => 0) }
  const outcome = await anExecutor(provider.providers.anthropicBaseUrl).execute(
    aRequest({}, { workspace: { root, writable: false } }),
    context,
  )
  expect(outcome).toMatchObject({ status: 'incomplete', reason: { code: 'budget-exhausted' } })
  expect(outcome.usage.costUsd).toBeGreaterThan(0)
  expect(outcome.usage.costUsd).toBeLessThan(budgetUsd)
  expect(provider.calls()[0]?.body.max_tokens).toBe(8_000)
})

test('a provider that is busy is waited for', async () => {
  const busy = { error: { message: 'slow down' }, status: 429, retryAfter: 1 } as Scripted
  const { outcome, calls } = await run([busy, DONE])
  expect(outcome).toMatchObject({ status: 'succeeded' })
  expect(calls.map(({ status }) => status)).toEqual([429, 200])
  expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(1_000)
})

test.each([
  [401, 'authentication_error', 'provider-unauthorized'],
  [404, 'not_found_error', 'model-not-found'],
  [400, 'invalid_request_error', 'provider-rejected'],
])('a refusal ends it at once: %i', async (status, type, code) => {
  const { error, calls } = await run([
    { error: { message: 'what the provider wrote', type }, status } as Scripted,
  ])
  expect(error).toMatchObject({ name: 'PermanentError', code })
  expect(String(error)).not.toContain('what the provider wrote')
  expect(calls.length).toBeLessThan(5)
})

test('what was used before an abort is counted, and nothing is left', async () => {
  const temporaryDir = await aFolder()
  const stalling = await stallingProvider()
  onTestFinished(() => stalling.stop())
  const controller = new AbortController()
  const context = aContext(controller.signal)
  const running = anExecutor(stalling.url, temporaryDir).execute(aRequest(), context)
  running.catch(() => {})
  // What the agent has not heard of it cannot count.
  await vi.waitUntil(() => context.text() !== '', { timeout: 30_000, interval: 5 })
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  expect(context.usages.at(-1)).toMatchObject({ inputTokens: 1_000, steps: 1 })
  expect(context.usages.at(-1)?.costUsd).toBeGreaterThan(0)
  expect(await readdir(temporaryDir)).toEqual([])
})
