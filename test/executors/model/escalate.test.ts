import { afterEach, expect, test } from 'vitest'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import { modelExecutor } from '../../../src/executors/model/executor.ts'
import { aContext, aRequest } from '../requests.ts'
import {
  type Scripted,
  type ScriptedProvider,
  scriptedProvider,
  toolCall,
} from './scripted-provider.ts'

let provider: ScriptedProvider | undefined

afterEach(async () => {
  await provider?.stop()
  provider = undefined
})

const CHEAP = 'local:qwen3:8b'
const GOOD = 'openai:gpt-4o'
const BEST = 'anthropic:claude-sonnet-4-5'
const usage = { input_tokens: 100, output_tokens: 10, prompt_tokens: 100, completion_tokens: 10 }

async function run(script: Scripted[], spec: Partial<TaskSpec>) {
  provider = await scriptedProvider(script)
  const context = aContext()
  const executor = modelExecutor({ providers: provider.providers, defaultModel: CHEAP })
  const outcome = await executor.execute(aRequest({ escalate: [GOOD, BEST], ...spec }), context)
  const calls = provider.calls().map(({ body }) => body)
  return { outcome, context, calls, models: calls.map(({ model }) => model) }
}

const outputSchema = {
  type: 'object',
  properties: { score: { type: 'integer' } },
  required: ['score'],
}

test('if an answer keeps violating its schema, the next model continues the conversation', async () => {
  const { outcome, context, calls, models } = await run(
    [
      ...Array(3).fill({ content: 'The score is seven.', usage }),
      { content: '{"score": 7}', usage },
    ],
    { outputSchema },
  )
  expect(outcome).toMatchObject({ status: 'succeeded', output: { data: { score: 7 } } })
  expect(models).toEqual([...Array(3).fill('qwen3:8b'), 'gpt-4o'])
  expect(JSON.stringify(calls.at(-1)?.messages)).toContain('The score is seven.')
  expect(JSON.stringify(calls.at(-1)?.messages)).toContain('does not satisfy the output schema')
  expect(context.answeredBy.at(-1)).toBe(GOOD)
  // Every model is paid for.
  expect(outcome.usage).toMatchObject({ inputTokens: 400, steps: 4 })
  expect(context.usages.at(-1)).toEqual(outcome.usage)
})

test.each<[string, Scripted[]]>([
  ['token-limit', [{ content: 'Half a', finishReason: 'length' }]],
  ['empty-output', [{ content: '' }]],
  ['step-limit', [{ toolCalls: [toolCall('report_findings', { findings: [] })] }]],
])('%s is left to the next model, which has steps of its own', async (_, script) => {
  const { outcome, models } = await run([...script, { content: 'All is well.' }], {
    options: { maxSteps: 1, findings: true },
  })
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'All is well.' } })
  expect(models).toEqual(['qwen3:8b', 'gpt-4o'])
})

test('earlier output is kept if a later model is not available, and the last in the list decides', async () => {
  const half: Scripted = { content: 'Half a', finishReason: 'length' }
  const refused: Scripted = { error: { message: 'no such model' }, status: 404 }
  const kept = await run([half, refused], {})
  expect(kept.outcome).toMatchObject({
    status: 'incomplete',
    output: { text: 'Half a' },
    reason: { code: 'token-limit' },
  })
  expect(kept.models).toEqual(['qwen3:8b', 'gpt-4o', 'claude-sonnet-4-5'])
  expect(kept.context.answeredBy.at(-1)).toBe(CHEAP)
  await provider?.stop()
  const last = await run([half, half, { content: 'Half b', finishReason: 'length' }], {})
  expect(last.outcome).toMatchObject({ status: 'incomplete', output: { text: 'Half b' } })
  expect(last.context.answeredBy.at(-1)).toBe(BEST)
})

test('a whole answer asks no other model', async () => {
  const { models } = await run([{ content: 'All is well.' }], {})
  expect(models).toEqual(['qwen3:8b'])
})

test('models of the list are checked before the task runs, and named with the others', () => {
  const executor = modelExecutor({
    providers: { localBaseUrl: 'http://127.0.0.1:1' },
    defaultModel: CHEAP,
  })
  const { spec } = aRequest({ escalate: [GOOD] })
  expect(executor.validate(spec)).toMatchObject([{ path: ['escalate', 0] }])
  expect(executor.models?.(spec)).toContainEqual({ path: ['escalate', 0], name: GOOD })
})
