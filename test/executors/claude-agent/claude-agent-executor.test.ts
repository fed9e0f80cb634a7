import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Allowance } from '../../../src/core/budget/allowance.ts'
import { soleAllowance } from '../../../src/core/budget/allowances.ts'
import type { CallOutcome, ModelGate } from '../../../src/core/model-gate/gate.ts'
import {
  type ClaudeAgentSetup,
  claudeAgentExecutor,
} from '../../../src/executors/claude-agent/claude-agent-executor.ts'
import { aContext, aRequest } from '../requests.ts'
import { answer, failedCall, result, retry, type Step, standIn } from './stand-in.ts'

const DONE: Step[] = [...answer('Done.'), result({ result: 'Done.' })]

function anAgent(script: Step[] = DONE, setup: Partial<ClaudeAgentSetup> = {}) {
  const agent = standIn(() => script)
  const executor = claudeAgentExecutor({
    apiKey: 'sk-ant-secret-1',
    baseUrl: undefined,
    defaultModel: undefined,
    query: agent.query,
    ...setup,
  })
  return { ...agent, executor }
}

const run = (script: Step[], spec: object = {}) =>
  anAgent(script).executor.execute(aRequest(spec), aContext())

/** What the SDK was given for a task. */
async function optionsFor(spec: object, request: object = {}, setup: object = {}) {
  const { executor, asked } = anAgent(DONE, setup)
  await executor.execute(aRequest(spec, request), aContext())
  const [first] = asked
  if (first === undefined) throw new Error('nothing was asked')
  return { ...first.options, prompt: first.prompt }
}

async function aFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-agent-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

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

test('the agent is told of nothing but its task, its key and folders of its own', async () => {
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

test('a task reads its workspace, and writes where it may and nowhere else', async () => {
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

test('the default model counts where it is one of Anthropic', async () => {
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

test('a schema that is no object is asked for in words', async () => {
  const outputSchema = { type: 'array', items: { type: 'string' } }
  const { outputFormat, prompt } = await optionsFor({ outputSchema })
  expect(outputFormat).toBeUndefined()
  expect(prompt).toContain(JSON.stringify(outputSchema))
  expect(await run([result({ result: '["a"]' })], { outputSchema })).toMatchObject({
    status: 'succeeded',
    output: { data: ['a'] },
  })
})

test.each([
  ['error_max_turns', 'step-limit'],
  ['error_max_budget_usd', 'cost-limit'],
])('a limit leaves what there is: %s', async (subtype, code) => {
  const script = [...answer('Half.'), result({ subtype, is_error: true }), new Error('a limit')]
  expect(await run(script)).toMatchObject({
    status: 'incomplete',
    reason: { code },
    output: { text: 'Half.' },
    usage: { costUsd: 0.25 },
  })
})

test('limits of steps and of cost are passed on', async () => {
  const options = { maxSteps: 7, budgetUsd: 0.5 }
  expect(await optionsFor({ options })).toMatchObject({ maxTurns: 7, maxBudgetUsd: 0.5 })
  expect((await optionsFor({})).maxBudgetUsd).toBeUndefined()
})

test("an agent keeps to what the plan's budget leaves, less the most that its last call can cost", async () => {
  const model = 'anthropic:claude-sonnet-4-5'
  const limitsWith = async (leftUsd: number, options: Record<string, unknown> = {}) => {
    const { executor, asked } = anAgent()
    const context = { ...aContext(), allowance: soleAllowance(leftUsd, () => 0) }
    await executor.execute(aRequest({ model, options }), context)
    return asked[0]?.options
  }
  const limits = await limitsWith(1)
  expect(limits?.env).toMatchObject({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '8000' })
  // 30,000 tokens to the cache, 150,000 from it and 8,000 of output come to 28 cents.
  expect(limits?.maxBudgetUsd).toBeCloseTo(0.72, 2)
  expect((await limitsWith(100))?.maxBudgetUsd).toBeCloseTo(5, 6)
  expect((await limitsWith(100, { budgetUsd: 0.2 }))?.maxBudgetUsd).toBeCloseTo(0.2, 6)
  await expect(limitsWith(0.2)).rejects.toMatchObject({ code: 'budget-exhausted' })
})

test("an agent that has used what the plan's budget left ends the plan, and others do not", async () => {
  const script = [
    ...answer('Half.'),
    result({ subtype: 'error_max_budget_usd', is_error: true }),
    new Error('a limit'),
  ]
  const codeWith = async (leftUsd: number, options: Record<string, unknown> = {}) => {
    const settled: unknown[] = []
    const all = soleAllowance(leftUsd, () => 0)
    const allowance: Allowance = {
      async reserve(...call) {
        const reservation = await all.reserve(...call)
        return reservation && { ...reservation, settle: async (spent) => void settled.push(spent) }
      },
    }
    const outcome = await anAgent(script).executor.execute(aRequest({ options }), {
      ...aContext(),
      allowance,
    })
    expect(settled).toMatchObject([{ status: 'reported' }])
    return outcome.status === 'incomplete' && outcome.reason.code
  }
  expect(await codeWith(2)).toBe('budget-exhausted')
  expect(await codeWith(100)).toBe('cost-limit')
  expect(await codeWith(100, { budgetUsd: 0.5 })).toBe('cost-limit')
})

test('an answer that is empty, cut or refused is incomplete', async () => {
  const codeOf = async (script: Step[]) => {
    const outcome = await run(script)
    return outcome.status === 'incomplete' ? outcome.reason.code : outcome.status
  }
  expect(await codeOf([result({ result: '' })])).toBe('empty-output')
  expect(await codeOf([...answer('x'), ...failedCall(null, 'max_output_tokens')])).toBe(
    'token-limit',
  )
  expect(await codeOf([result({ result: 'No.', stop_reason: 'refusal' })])).toBe('content-filter')
})

test.each<[number | null, string, string, string, object?]>([
  [429, 'rate_limit', 'TransientError', 'provider-rate-limited'],
  [529, 'server_error', 'TransientError', 'provider-overloaded'],
  [500, 'server_error', 'TransientError', 'provider-error'],
  [null, 'server_error', 'TransientError', 'provider-unreachable'],
  [null, 'rate_limit', 'TransientError', 'provider-rate-limited'],
  [401, 'authentication_failed', 'PermanentError', 'provider-unauthorized'],
  [null, 'authentication_failed', 'PermanentError', 'provider-unauthorized'],
  [403, 'authentication_failed', 'PermanentError', 'provider-forbidden'],
  [404, 'model_not_found', 'PermanentError', 'model-not-found'],
  [null, 'billing_error', 'PermanentError', 'provider-quota'],
  [400, 'invalid_request', 'PermanentError', 'provider-rejected'],
  [
    400,
    'invalid_request',
    'PermanentError',
    'context-too-long',
    { terminal_reason: 'prompt_too_long' },
  ],
])('a call that fails with %s %s is a %s: %s', async (status, kind, name, code, more) => {
  const failing = run(failedCall(status, kind, more))
  await expect(failing).rejects.toMatchObject({ name, code })
  await expect(failing).rejects.not.toThrow('what the provider wrote')
})

test('a limit of the provider is waited out, and says when to come back if that was in vain', async () => {
  const waiting = Array.from({ length: 9 }, (_, index) => retry(429, 'rate_limit', index + 1))
  expect(await run([...waiting, ...DONE])).toMatchObject({ status: 'succeeded' })
  await expect(run([...waiting, ...failedCall(429, 'rate_limit')])).rejects.toMatchObject({
    name: 'TransientError',
    retryAfterMs: 1_500,
  })
})

test('what no waiting mends is given up at once, and the process ended', async () => {
  await expect(run([retry(401, 'authentication_failed'), 'deaf'])).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'provider-unauthorized',
  })
  const unreachable = [1, 2, 3, 4, 5].map((attempt) => retry(null, 'unknown', attempt))
  await expect(run([...unreachable, 'deaf'])).rejects.toMatchObject({
    name: 'TransientError',
    code: 'provider-unreachable',
  })
})

test('no agent begins while its provider asks for a pause, and it passes such a word on', async () => {
  const keys: string[] = []
  const outcomes: CallOutcome[] = []
  const gate: ModelGate = {
    async acquire(key) {
      keys.push(key)
      return {
        async release(outcome) {
          outcomes.push(outcome)
        },
      }
    },
  }
  const ask = (script: Step[]) =>
    anAgent(script, { gate, defaultModel: 'anthropic:claude-opus-5' })
      .executor.execute(aRequest(), aContext())
      .catch(() => {})
  await ask(DONE)
  await ask([retry(429, 'rate_limit'), ...DONE])
  await ask([retry(529, 'server_error'), ...DONE])
  await ask(failedCall(400, 'invalid_request'))
  expect(new Set(keys)).toEqual(new Set(['anthropic:claude-opus-5']))
  expect(outcomes).toMatchObject([
    { status: 'ok' },
    { status: 'rate-limited', retryAfterMs: 1_500 },
    { status: 'overloaded', retryAfterMs: 1_500 },
    { status: 'failed' },
  ])
})

test('what an agent used before it was aborted is counted', async () => {
  const { executor, hanging } = anAgent([...answer('Half.'), 'hang'])
  const controller = new AbortController()
  const context = aContext(controller.signal)
  const running = executor.execute(aRequest(), context)
  running.catch(() => {})
  await hanging()
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  expect(context.usages.at(-1)).toMatchObject({ inputTokens: 223, costUsd: 0.25 })
  expect(context.answeredBy.at(-1)).toBe('anthropic:claude-sonnet-4-5')
})

test('an agent that does not heed an interrupt is ended', async () => {
  const { executor, hanging } = anAgent(['deaf'])
  const controller = new AbortController()
  const running = executor.execute(aRequest(), aContext(controller.signal))
  running.catch(() => {})
  await hanging()
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
})

test('an agent that breaks off may be tried again', async () => {
  await expect(run([new Error('Claude Code process exited with code 1')])).rejects.toMatchObject({
    name: 'TransientError',
    code: 'agent-failed',
  })
})

test('an agent leaves no folder behind when it fails', async () => {
  const temporaryDir = await aFolder()
  const { executor } = anAgent(failedCall(400, 'invalid_request'), { temporaryDir })
  await expect(executor.execute(aRequest(), aContext())).rejects.toThrow()
  expect(await readdir(temporaryDir)).toEqual([])
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
