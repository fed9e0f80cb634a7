import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { modelExecutor } from '../../../src/executors/model/executor.ts'
import { aContext, aRequest } from '../requests.ts'
import {
  type Scripted,
  type ScriptedProvider,
  scriptedProvider,
  toolCall,
} from './scripted-provider.ts'

let provider: ScriptedProvider | undefined
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tutti-agent-'))
  await mkdir(join(root, 'src'))
  await writeFile(join(root, 'src/login.ts'), 'export const login = 1\n')
  await writeFile(join(root, 'README.md'), '# Sample\n')
})
afterEach(async () => {
  await provider?.stop()
  provider = undefined
  await rm(root, { recursive: true, force: true })
})

async function executorWith(script: Scripted[], defaultModel = 'anthropic:claude-sonnet-4-5') {
  provider = await scriptedProvider(script)
  return {
    executor: modelExecutor({ providers: provider.providers, defaultModel }),
    calls: provider.calls,
  }
}

const workspace = () => ({ root, writable: false })
const usage = { input_tokens: 100, output_tokens: 10, prompt_tokens: 100, completion_tokens: 10 }

describe.each(['anthropic:claude-sonnet-4-5', 'openai:gpt-4o', 'local:qwen3:8b'])('%s', (model) => {
  test('calls tools side by side, reads their results, and answers', async () => {
    const { executor, calls } = await executorWith(
      [
        {
          content: 'I look around.',
          toolCalls: [toolCall('list', {}), toolCall('read', { path: 'src/login.ts' })],
          usage,
        },
        { content: 'All is **well**.', usage },
      ],
      model,
    )
    const context = aContext()
    const outcome = await executor.execute(aRequest({}, { workspace: workspace() }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'All is **well**.' } })
    expect(context.text()).toBe('I look around.\n\nAll is **well**.')
    const results = calls()[1]?.body.messages.filter(({ role }) => role === 'tool')
    expect(results?.map(({ content }) => content)).toEqual([
      'README.md\nsrc/',
      '1\texport const login = 1',
    ])
    expect(outcome.usage).toMatchObject({ inputTokens: 200, outputTokens: 20, steps: 2 })
    expect(context.usages.map(({ steps }) => steps)).toEqual([1, 2])
    expect(context.usages.at(-1)).toEqual(outcome.usage)
  })

  test('sends the shared context before the task, with the instructions before both', async () => {
    const { executor, calls } = await executorWith([{ content: 'Fine.' }], model)
    await executor.execute(aRequest({}, { sharedContext: 'SHARED', prompt: 'TASK' }), aContext())
    const [system, user] = calls()[0]?.body.messages ?? []
    expect(system?.role).toBe('system')
    expect(JSON.stringify(user?.content)).toContain('SHARED\\n\\nTASK')
  })

  test('a limit of output tokens makes the task incomplete, with the partial text', async () => {
    const { executor } = await executorWith([{ content: 'Half a', finishReason: 'length' }], model)
    expect(await executor.execute(aRequest(), aContext())).toMatchObject({
      status: 'incomplete',
      output: { text: 'Half a' },
      reason: { code: 'token-limit' },
    })
  })

  test('an empty answer is incomplete', async () => {
    const { executor } = await executorWith([{ content: '' }], model)
    expect(await executor.execute(aRequest(), aContext())).toMatchObject({
      status: 'incomplete',
      output: { text: '' },
      reason: { code: 'empty-output' },
    })
  })

  test('reaching the step limit is incomplete, with what was said on the way', async () => {
    const { executor, calls } = await executorWith(
      [{ content: 'Still looking.', toolCalls: [toolCall('list', {})] }],
      model,
    )
    const request = aRequest({ options: { maxSteps: 3 } }, { workspace: workspace() })
    expect(await executor.execute(request, aContext())).toMatchObject({
      status: 'incomplete',
      output: { text: expect.stringContaining('Still looking.') },
      reason: { code: 'step-limit', message: 'The model had not finished after 3 steps.' },
    })
    expect(calls()).toHaveLength(3)
  })

  test('an answer off its schema is asked for again, naming what is wrong', async () => {
    const { executor, calls } = await executorWith(
      [
        { content: 'The score is seven.' },
        { content: '```json\n{"score": "seven"}\n```' },
        { content: 'Here it is: {"score": 7}' },
      ],
      model,
    )
    const outputSchema = {
      type: 'object',
      properties: { score: { type: 'integer' } },
      required: ['score'],
      additionalProperties: false,
    }
    const outcome = await executor.execute(aRequest({ outputSchema }), aContext())
    expect(outcome).toMatchObject({
      status: 'succeeded',
      output: { text: '{"score": 7}', data: { score: 7 } },
      usage: { steps: 3 },
    })
    const last = JSON.stringify(calls()[2]?.body.messages)
    expect(last).toContain('/score must be integer')
    expect(last).toContain('The score is seven.')
  })

  test('an answer is asked for again with all that its tools have said before', async () => {
    const { executor, calls } = await executorWith(
      [
        { toolCalls: [toolCall('list', {})] },
        { toolCalls: [toolCall('read', { path: 'README.md' })] },
        { content: '{"score":"high"}' },
        { content: '{"score":3}' },
      ],
      model,
    )
    const spec = {
      outputSchema: { type: 'object', properties: { score: { type: 'integer' } } },
    }
    await executor.execute(aRequest(spec, { workspace: workspace() }), aContext())
    const roles = calls().map(({ body }) => body.messages.map(({ role }) => role))
    expect(roles.at(-1)).toEqual([...(roles.at(-2) ?? []), 'assistant', 'user'])
  })

  test('an answer that stays off its schema is incomplete', async () => {
    const { executor, calls } = await executorWith([{ content: '{"score": "seven"}' }], model)
    const outputSchema = { type: 'object', properties: { score: { type: 'integer' } } }
    expect(await executor.execute(aRequest({ outputSchema }), aContext())).toMatchObject({
      status: 'incomplete',
      output: { text: '{"score": "seven"}' },
      reason: { code: 'off-schema', message: expect.stringContaining('/score must be integer') },
    })
    expect(calls()).toHaveLength(3)
  })
})

test('findings are reported as data; those that do not fit are sent back with the reason', async () => {
  const good = {
    title: 'SQL injection',
    severity: 'critical',
    confidence: 0.9,
    file: 'src/login.ts',
    line: 1,
  }
  const { executor, calls } = await executorWith([
    {
      toolCalls: [
        toolCall('report_findings', { findings: [good, { title: 'Bad', severity: 'awful' }] }),
      ],
    },
    {
      toolCalls: [
        toolCall('report_findings', { findings: [good, { title: 'Bad', severity: 'low' }] }),
      ],
    },
    { content: 'Two problems.' },
  ])
  const outcome = await executor.execute(
    aRequest({ outputFormat: 'A list of findings' }),
    aContext(),
  )
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'Two problems.' } })
  expect(outcome.output.findings).toEqual([
    good,
    { title: 'Bad', severity: 'low', confidence: 0.5 },
  ])
  expect(JSON.stringify(calls()[1]?.body.messages.at(-1))).toMatch(/findings\[1\]: severity: /)
})

test('a model that reported findings and then says nothing has answered', async () => {
  const finding = { title: 'Weak hash', severity: 'high', confidence: 0.8, file: 'a.ts', line: 3 }
  const { executor } = await executorWith([
    { toolCalls: [toolCall('report_findings', { findings: [finding] })] },
    { content: '' },
  ])
  const outcome = await executor.execute(aRequest({ options: { findings: true } }), aContext())
  expect(outcome).toMatchObject({
    status: 'succeeded',
    output: { text: '- **high**: Weak hash (a.ts:3)', findings: [finding] },
  })
})

test('an answer beside the report of findings is part of the output', async () => {
  const { executor } = await executorWith([
    { content: 'The whole review.', toolCalls: [toolCall('report_findings', { findings: [] })] },
    { content: 'Done.' },
  ])
  const outcome = await executor.execute(aRequest({ options: { findings: true } }), aContext())
  expect(outcome.output.text).toBe('The whole review.\n\nDone.')
})

test('findings in the JSON of an answer are data too', async () => {
  const finding = { title: 'N+1 query', severity: 'medium', confidence: 0.7, file: 'src/db.ts' }
  const content = `I found this:\n\n\`\`\`json\n${JSON.stringify({ findings: [finding] })}\n\`\`\``
  const { executor } = await executorWith([{ content }])
  const outcome = await executor.execute(aRequest(), aContext())
  expect(outcome.output).toEqual({ text: content, findings: [finding] })
})

test('findings are requested only if the task wants them', async () => {
  const { executor, calls } = await executorWith([{ content: 'Fine.' }])
  const outputSchema = { type: 'object' }
  await executor.execute(aRequest({ outputFormat: 'Findings' }), aContext())
  await executor.execute(aRequest({ prompt: 'List your findings.' }), aContext())
  await executor.execute(aRequest({ outputFormat: 'A poem' }), aContext())
  await executor.execute(
    aRequest({ outputFormat: 'Findings', options: { findings: false } }),
    aContext(),
  )
  await executor.execute(
    aRequest({ outputFormat: 'Findings', outputSchema, options: { maxSteps: 1 } }),
    aContext(),
  )
  const asked = calls().map(({ body }) =>
    (body.tools ?? []).some((tool) => tool.function.name === 'report_findings'),
  )
  expect(asked).toEqual([true, true, false, false, false])
})

test('tools are the ones that the task chooses, and need a workspace', async () => {
  const { executor, calls } = await executorWith([{ content: 'Fine.' }])
  const writable = { root, writable: true }
  const run = (spec: object, place?: { root: string; writable: boolean }) =>
    executor.execute(aRequest(spec, { workspace: place }), aContext())
  await run({})
  await run({ tools: ['grep', 'read'] }, workspace())
  await run({ files: ['src/**'] }, writable)
  await run({ files: { write: ['src/**'] } }, workspace())
  await run({ files: { write: ['src/**'] } }, writable)
  expect(calls().map(({ body }) => (body.tools ?? []).map((tool) => tool.function.name))).toEqual([
    [],
    ['grep', 'read'],
    ['list', 'glob', 'grep', 'read'],
    ['list', 'glob', 'grep', 'read'],
    ['list', 'glob', 'grep', 'read', 'write', 'edit', 'delete'],
  ])
})

test('an invalid tool call is returned to the model, and the task continues', async () => {
  const { executor, calls } = await executorWith([
    { toolCalls: [toolCall('read', { path: 7 }), toolCall('format_disk', {})] },
    { content: 'I could not read it.' },
  ])
  const outcome = await executor.execute(aRequest({}, { workspace: workspace() }), aContext())
  expect(outcome.status).toBe('succeeded')
  expect(calls()).toHaveLength(2)
})

test('says what is wrong with a task before it runs', () => {
  const executor = modelExecutor({
    providers: { anthropicApiKey: 'key' },
    defaultModel: undefined,
    mcpServers: { tickets: { url: 'http://127.0.0.1:1' } },
  })
  const problemsOf = (spec: object) =>
    executor
      .validate(aRequest(spec).spec)
      .map(({ path, message }) => `${path.join('/')} ${message}`)
  expect(problemsOf({})).toEqual([
    'model is required: no default model is configured; the operator can set TUTTI_MODEL',
  ])
  expect(problemsOf({ model: 'anthropic:claude-sonnet-4-5' })).toEqual([])
  expect(problemsOf({ model: 'openai:gpt-4o' })).toEqual([
    'model names the provider `openai`, which is not configured here: the operator has to set OPENAI_API_KEY',
  ])
  expect(problemsOf({ model: 'acme:x' })).toEqual([
    'model names an unknown provider; known are `anthropic:`, `openai:`, `local:`, `google:`, `bedrock:`, `azure:`, `mistral:`, `xai:`, `deepseek:`, `openrouter:`',
  ])
  const model = 'anthropic:x'
  expect(
    problemsOf({ model, tools: ['read', 'mcp__tickets__*', 'mcp__other__x', 'bash'] }),
  ).toEqual([
    "tools/2 is not one of this executor's tools",
    "tools/3 is not one of this executor's tools",
  ])
  expect(problemsOf({ model, options: { maxSteps: 0, colour: 'red' } })).toHaveLength(2)
  expect(problemsOf({ model, options: { fallbackModels: ['local:qwen'] } })).toEqual([
    'options/fallbackModels/0 names the provider `local`, which is not configured here: the operator has to set LOCAL_BASE_URL',
  ])
})

test('is not available without a provider', () => {
  const none = modelExecutor({ providers: {}, defaultModel: undefined }).describe()
  expect(none).toMatchObject({
    available: false,
    reason:
      'No model provider is configured: set TUTTI_MODEL and the key or address of its provider.',
  })
  const some = modelExecutor({
    providers: { localBaseUrl: 'http://127.0.0.1:1' },
    defaultModel: undefined,
  })
  expect(some.describe().available).toBe(true)
})
