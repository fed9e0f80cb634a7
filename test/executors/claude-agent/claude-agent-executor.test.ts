import { existsSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { claudeAgentExecutor } from '../../../src/executors/claude-agent/claude-agent-executor.ts'
import { aContext, aRequest } from '../requests.ts'
import { aFolder, anAgent, DONE, optionsFor, run } from './an-agent.ts'
import { answer, result } from './stand-in.ts'

test('text and usage are passed on as they come, and counted once at the end', async () => {
  const context = aContext()
  const { usages } = context
  const script = [...answer('First.'), ...answer('Second.'), result({ result: 'Second.' })]
  const outcome = await anAgent(script).executor.execute(aRequest(), context)
  expect(context.text()).toBe('First.\n\nSecond.')
  const call = { inputTokens: 110, outputTokens: 5, cacheReadTokens: 100, cacheWriteTokens: 0 }
  expect(usages[1]).toMatchObject({ ...call, steps: 1 })
  expect(usages[3]).toMatchObject({ inputTokens: 220, outputTokens: 10, steps: 2 })
  expect(usages.at(-1)).toEqual(outcome.usage)
  expect(outcome).toMatchObject({
    status: 'succeeded',
    output: { text: 'Second.' },
    usage: {
      inputTokens: 223,
      outputTokens: 7,
      cacheReadTokens: 200,
      cacheWriteTokens: 3,
      steps: 2,
      costUsd: 0.25,
    },
  })
})

test('the agent sees only its task, its key and its own folders', async () => {
  process.env.ANTHROPIC_AUTH_TOKEN = 'of the operator'
  onTestFinished(() => {
    delete process.env.ANTHROPIC_AUTH_TOKEN
  })
  const { env, cwd, ...options } = await optionsFor(
    { model: 'anthropic:claude-sonnet-4-5' },
    { sharedContext: 'SHARED', prompt: '/cost @/etc/passwd' },
    { baseUrl: 'https://models.example/v1/' },
  )
  expect(Object.keys(env).sort()).toEqual([
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_BASE_URL',
    'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC',
    'CLAUDE_CODE_TMPDIR',
    'CLAUDE_CONFIG_DIR',
    'HOME',
    'PATH',
    'TMPDIR',
  ])
  expect(env.ANTHROPIC_BASE_URL).toBe('https://models.example')
  expect(options).toMatchObject({
    prompt: 'SHARED\n\n/cost @/etc/passwd',
    model: 'claude-sonnet-4-5',
    tools: [],
    settingSources: [],
    permissionMode: 'dontAsk',
    permissionPrompts: 'none',
    strictMcpConfig: true,
    verbatimPrompts: true,
    persistSession: false,
  })
  for (const folder of [cwd, env.HOME, env.TMPDIR]) expect(existsSync(folder ?? '/')).toBe(false)
})

test('a task reads its workspace, and writes only where it may', async () => {
  const root = await aFolder()
  const files = { write: ['src/**'] }
  const readable = await optionsFor({ files }, { workspace: { root, writable: false } })
  expect(readable).toMatchObject({ cwd: root, tools: ['Glob', 'Grep', 'Read'] })
  expect(readable.allowedTools).toBeUndefined()
  const undeclared = await optionsFor({}, { workspace: { root, writable: true } })
  expect(undeclared.tools).toEqual(['Glob', 'Grep', 'Read'])
  const writable = await optionsFor({ files }, { workspace: { root, writable: true } })
  expect(writable.tools).toEqual(['Glob', 'Grep', 'Read', 'Write', 'Edit'])
  expect(writable.allowedTools).toEqual(['Edit(./**)'])
})

test('a write outside of what the task declared is refused, through a link too', async () => {
  const root = await aFolder()
  await mkdir(join(root, 'docs'))
  await mkdir(join(root, 'src'))
  await symlink('../docs', join(root, 'src', 'link'))
  const { hooks } = await optionsFor(
    { files: { write: ['src/**'] } },
    { workspace: { root, writable: true } },
  )
  const [before] = hooks?.PreToolUse ?? []
  const decide = async (input: object) =>
    JSON.stringify(await before?.hooks[0]?.({ tool_name: 'Write', tool_input: input }))
  expect(before?.matcher).toBe('Write|Edit')
  expect(await decide({ file_path: 'src/new/a.ts' })).toBe('{}')
  expect(await decide({ file_path: join(root, 'src/a.ts') })).toBe('{}')
  for (const path of ['docs/a.md', 'src/../docs/a.md', 'src/link/a.md', '/etc/passwd', '']) {
    expect(await decide({ file_path: path })).toContain('deny')
  }
  expect(await decide({ path: 'src/a.ts' })).toContain('deny')
})

test('task.tools says which of the tools there are', async () => {
  const root = await aFolder()
  const workspace = { root, writable: true }
  const files = { write: ['**'] }
  const { tools, allowedTools } = await optionsFor(
    { files, tools: ['read', 'Grep'] },
    { workspace },
  )
  expect(tools).toEqual(['Read', 'Grep'])
  expect(allowedTools).toBeUndefined()
  expect((await optionsFor({ files, tools: ['edit'] }, { workspace })).tools).toEqual(['Edit'])
})

test('finds what is wrong with a task before it is stored', () => {
  const { executor } = anAgent()
  const pathsFor = (spec: object) => executor.validate(aRequest(spec).spec).map(({ path }) => path)
  expect(pathsFor({ model: 'anthropic:claude-opus-5', tools: ['read', 'Edit'] })).toEqual([])
  expect(pathsFor({ model: 'openai:gpt-5' })).toEqual([['model']])
  expect(pathsFor({ tools: ['read', 'bash'] })).toEqual([['tools', 1]])
  expect(pathsFor({ options: { maxSteps: 0, budgetUsd: 1 } })).toEqual([['options', 'maxSteps']])
})

test("the default model applies if it is one of Anthropic's", async () => {
  const modelFor = async (defaultModel: string) =>
    (await optionsFor({}, {}, { defaultModel })).model
  expect(await modelFor('anthropic:claude-opus-5')).toBe('claude-opus-5')
  expect(await modelFor('local:qwen3')).toBeUndefined()
})

test('an output schema binds the answer, and is checked again', async () => {
  const properties = { score: { type: 'integer' } }
  const outputSchema = { type: 'object', properties, required: ['score'] }
  const bound = await optionsFor({ outputSchema })
  expect(bound.outputFormat).toEqual({ type: 'json_schema', schema: outputSchema })
  const structured = result({ result: '{"score":7}', structured_output: { score: 7 } })
  expect(await run([structured], { outputSchema })).toMatchObject({
    status: 'succeeded',
    output: { text: '{"score":7}', data: { score: 7 } },
  })
  expect(await run([result({ result: 'seven' })], { outputSchema })).toMatchObject({
    status: 'incomplete',
    reason: { code: 'off-schema' },
    output: { text: 'seven' },
  })
  const given = result({ subtype: 'error_max_structured_output_retries', is_error: true })
  expect(await run([...answer('x'), given, new Error('given up')], { outputSchema })).toMatchObject(
    { status: 'incomplete', reason: { code: 'off-schema' }, output: { text: 'x' } },
  )
})

test('a schema that is not an object is described in words', async () => {
  const outputSchema = { type: 'array', items: { type: 'string' } }
  const { outputFormat, prompt } = await optionsFor({ outputSchema })
  expect(outputFormat).toBeUndefined()
  expect(prompt).toContain(JSON.stringify(outputSchema))
  expect(await run([result({ result: '["a"]' })], { outputSchema })).toMatchObject({
    status: 'succeeded',
    output: { data: ['a'] },
  })
})

test('without the package it says what is missing, and runs nothing', async () => {
  const executor = claudeAgentExecutor({
    apiKey: 'sk-ant-secret-1',
    baseUrl: undefined,
    defaultModel: undefined,
    sdkFrom: join(tmpdir(), 'nowhere.js'),
  })
  expect(executor.describe()).toMatchObject({
    available: false,
    reason: expect.stringContaining('npm install --no-save @anthropic-ai/claude-agent-sdk'),
  })
  await expect(executor.execute(aRequest(), aContext())).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'agent-not-installed',
  })
})

test('without a key it is not available', () => {
  const { executor } = anAgent(DONE, { apiKey: undefined })
  expect(executor.describe()).toMatchObject({
    available: false,
    reason: 'ANTHROPIC_API_KEY is not set.',
  })
  const proxied = anAgent(DONE, { apiKey: undefined, baseUrl: 'http://127.0.0.1:8080' })
  expect(proxied.executor.describe()).toMatchObject({ available: true })
})
