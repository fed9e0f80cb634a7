import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { modelExecutor } from '../../../src/executors/model/executor.ts'
import type { Providers } from '../../../src/executors/model/options.ts'
import { aContext, aRequest } from '../requests.ts'
import {
  type Scripted,
  type ScriptedProvider,
  scriptedProvider,
  toolCall,
} from './scripted-provider.ts'

const KEY = 'sk-secret-key-1'

/** How each is reached, where the fake server is. */
const REACHED: Record<string, (url: string) => Providers['others']> = {
  'google:gemini-3-pro': (url) => ({ google: { apiKey: KEY, baseUrl: `${url}/v1beta` } }),
  'bedrock:anthropic.claude-sonnet-4-5': (url) => ({
    bedrock: { apiKey: KEY, baseUrl: url, region: 'eu-central-1' },
  }),
  'azure:my-deployment': (url) => ({ azure: { apiKey: KEY, baseUrl: url } }),
  'mistral:mistral-large-latest': (url) => ({ mistral: { apiKey: KEY, baseUrl: `${url}/v1` } }),
  'xai:grok-4': (url) => ({ xai: { apiKey: KEY, baseUrl: `${url}/v1` } }),
  'deepseek:deepseek-chat': (url) => ({ deepseek: { apiKey: KEY, baseUrl: `${url}/v1` } }),
  'openrouter:qwen/qwen3-coder': (url) => ({ openrouter: { apiKey: KEY, baseUrl: `${url}/v1` } }),
}

let provider: ScriptedProvider | undefined
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tutti-providers-'))
  await writeFile(join(root, 'login.ts'), 'export const login = 1\n')
})
afterEach(async () => {
  await provider?.stop()
  provider = undefined
  await rm(root, { recursive: true, force: true })
})

async function run(model: string, script: Scripted[], spec: object = {}) {
  provider = await scriptedProvider(script)
  const { anthropicBaseUrl: url = '' } = provider.providers
  const executor = modelExecutor({
    providers: { others: REACHED[model]?.(url) },
    defaultModel: model,
  })
  const request = aRequest(spec, { workspace: { root, writable: false } })
  expect(executor.validate(request.spec)).toEqual([])
  return executor.execute(request, aContext())
}

/** The fake server does not say why an answer of xAI's is incomplete. */
const CUT = expect.stringMatching(/^(token-limit|unfinished)$/)
const usage = { input_tokens: 100, output_tokens: 10, prompt_tokens: 100, completion_tokens: 10 }
const geminiUsage = { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 110 }
const counted = { ...usage, ...geminiUsage }

describe.each(Object.keys(REACHED))('%s', (model) => {
  test('calls tools, reads their results, and answers', async () => {
    const outcome = await run(model, [
      { content: 'I look.', toolCalls: [toolCall('read', { path: 'login.ts' })], usage: counted },
      { content: 'All is **well**.', usage: counted },
    ])
    expect(outcome).toMatchObject({
      status: 'succeeded',
      output: { text: 'All is **well**.' },
      usage: { steps: 2 },
    })
    const last = provider?.calls().at(-1)?.body.messages ?? []
    expect(JSON.stringify(last)).toContain('export const login = 1')
  })

  test('gives data that fits a schema', async () => {
    const outputSchema = {
      type: 'object',
      properties: { score: { type: 'integer' } },
      required: ['score'],
    }
    const outcome = await run(model, [{ content: '{"score": 7}' }], { outputSchema })
    expect(outcome).toMatchObject({ status: 'succeeded', output: { data: { score: 7 } } })
  })

  test('an answer that is cut off is incomplete, and a key that is refused fails for good', async () => {
    const cut = await run(model, [{ content: 'Half a', finishReason: 'length' }])
    expect(cut).toMatchObject({ status: 'incomplete', reason: { code: CUT } })
    await provider?.stop()
    const refused = run(model, [{ error: { message: `bad key ${KEY}` }, status: 401 }])
    const error = await refused.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    )
    expect(error).toMatchObject({ name: 'PermanentError', code: 'provider-unauthorized' })
    expect(error?.message).not.toContain(KEY)
  })
})

test('says what has to be set for each', () => {
  const executor = modelExecutor({
    providers: { others: { azure: { apiKey: KEY }, bedrock: { region: 'x', accessKeyId: 'y' } } },
    defaultModel: undefined,
  })
  for (const model of Object.keys(REACHED)) {
    const [problem] = executor.validate(aRequest({ model }).spec)
    expect(problem?.message).toContain('the operator has to set')
  }
  expect(executor.describe().available).toBe(false)
})
