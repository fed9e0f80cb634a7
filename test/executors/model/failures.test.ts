import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { costOf } from '../../../src/core/budget/prices.ts'
import { PermanentError, TransientError } from '../../../src/core/contract/errors.ts'
import type { CallOutcome, ModelGate } from '../../../src/core/model-gate/gate.ts'
import { runAttempt } from '../../../src/core/run/run-attempt.ts'
import { localModelGate } from '../../../src/executors/model/calls/local-gate.ts'
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
})
afterEach(async () => {
  await provider?.stop()
  provider = undefined
  await rm(root, { recursive: true, force: true })
})

const MODELS = ['anthropic:claude-sonnet-4-5', 'openai:gpt-4o', 'local:qwen3:8b']

/** Notes what the executor tells the gate, and otherwise is one. */
function watched(gate: ModelGate, outcomes: CallOutcome[]): ModelGate {
  return {
    async acquire(key, signal) {
      const permit = await gate.acquire(key, signal)
      return {
        release(outcome) {
          outcomes.push(outcome)
          return permit.release(outcome)
        },
      }
    },
  }
}

async function run(
  script: Scripted[],
  options: { model?: string; spec?: object; signal?: AbortSignal; gate?: ModelGate } = {},
) {
  const fake = await scriptedProvider(script)
  provider = fake
  const outcomes: CallOutcome[] = []
  const executor = modelExecutor({
    providers: fake.providers,
    defaultModel: options.model ?? 'anthropic:claude-sonnet-4-5',
    gate: watched(options.gate ?? localModelGate(), outcomes),
  })
  const context = aContext(options.signal)
  const request = aRequest(options.spec, { workspace: { root, writable: false } })
  const result = executor.execute(request, context)
  return { result, context, outcomes, calls: fake.calls }
}

function failed(result: Promise<unknown>): Promise<TransientError | PermanentError> {
  return result.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  )
}

const look: Scripted = { content: 'Looking.', toolCalls: [toolCall('list', {})] }
const done: Scripted = { content: 'Done.' }
const tooMany: Scripted = { error: { message: 'slow down' }, status: 429, retryAfter: 1 }

describe.each(MODELS)('%s', (model) => {
  test('after a 429 the loop waits as long as requested, and repeats no step', async () => {
    const { result, calls, outcomes, context } = await run([look, tooMany, done], { model })
    expect(await result).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
    const made = calls()
    expect(made.map(({ status }) => status)).toEqual([200, 429, 200])
    expect(made[2]?.body.messages).toEqual(made[1]?.body.messages)
    expect((made[2]?.at ?? 0) - (made[1]?.at ?? 0)).toBeGreaterThanOrEqual(1_000)
    expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'rate-limited', 'ok'])
    expect(context.text()).toBe('Looking.\n\nDone.')
  })

  test('a broken stream within the loop is asked for again, and no step is done twice', async () => {
    const broken = { response: { content: 'x'.repeat(400) }, truncateAfterChunks: 3 }
    const { result, calls } = await run([look, broken, done], { model })
    expect(await result).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
    expect(calls()).toHaveLength(3)
    expect(calls()[2]?.body.messages).toEqual(calls()[1]?.body.messages)
  })

  test('a stream whose connection breaks is not an answer', async () => {
    const broken = { response: { content: 'x'.repeat(4_000) }, latency: 20, disconnectAfterMs: 100 }
    const { result } = await run([broken], { model })
    const error = await failed(result)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.code).toMatch(/^provider-(invalid-response|unreachable)$/)
  })

  test('a 500 at the beginning fails the attempt, to be tried again', async () => {
    const { result, calls } = await run([{ error: { message: 'oops' }, status: 500 }], { model })
    expect(await failed(result)).toMatchObject({ name: 'TransientError', code: 'provider-error' })
    expect(calls()).toHaveLength(1)
  })

  test('a 500 within the loop is tried again there', async () => {
    const { result } = await run([look, { error: { message: 'oops' }, status: 500 }, done], {
      model,
    })
    expect(await result).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  })

  test('garbage instead of an answer fails the attempt, to be tried again', async () => {
    const { result } = await run([{ response: { content: 'x' }, chaos: { malformedRate: 1 } }], {
      model,
    })
    expect(await failed(result)).toMatchObject({
      name: 'TransientError',
      code: 'provider-invalid-response',
    })
  })

  test.each([
    [400, 'provider-rejected'],
    [401, 'provider-unauthorized'],
    [403, 'provider-forbidden'],
    [404, 'model-not-found'],
    [413, 'context-too-long'],
  ])('a %i is final, with the code %s', async (status, code) => {
    const { result, calls } = await run([{ error: { message: 'no' }, status }], { model })
    expect(await failed(result)).toMatchObject({ name: 'PermanentError', code })
    expect(calls()).toHaveLength(1)
  })

  test('an abort ends a running call at once, with its reason', async () => {
    const slow = { response: { content: 'word '.repeat(400) }, latency: 50 }
    const controller = new AbortController()
    const { result, context } = await run([slow], { model, signal: controller.signal })
    const reason = new Error('cancelled')
    const ended = failed(result)
    while (context.text() === '') await new Promise((resolve) => setTimeout(resolve, 10))
    controller.abort(reason)
    expect(await ended).toBe(reason)
  })
})

test('a 529 is repeated until it goes well, and spends no attempt', async () => {
  const overloaded: Scripted = {
    error: { message: 'Overloaded', type: 'overloaded_error' },
    status: 529,
  }
  const { result, outcomes } = await run([overloaded, done])
  expect(await result).toMatchObject({ status: 'succeeded' })
  expect(outcomes.map(({ status }) => status)).toEqual(['overloaded', 'ok'])
})

test('waiting for a rate limit ends with the abort', async () => {
  const controller = new AbortController()
  const { result, calls } = await run([{ ...tooMany, retryAfter: 3_600 } as Scripted], {
    signal: controller.signal,
  })
  const ended = failed(result)
  while (calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  controller.abort(new Error('timeout'))
  expect((await ended).message).toBe('timeout')
  expect(calls()).toHaveLength(1)
})

/** One attempt at a provider that only ever refuses, in this way. */
async function refusedAttempt(
  status: number,
  headers: Record<string, string>,
  spec: { timeoutMs: number; attempts: number },
) {
  let calls = 0
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      calls += 1
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify({ error: { message: 'not now' } }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const request = aRequest(spec, { workspace: { root, writable: false } })
  try {
    const attempt = await runAttempt({
      executor: modelExecutor({
        providers: { localBaseUrl: `http://127.0.0.1:${port}/v1` },
        defaultModel: 'local:sample',
      }),
      spec: request.spec,
      prepare: async () => request,
      signal: new AbortController().signal,
      spent: 0,
      random: Math.random,
      findingsIn: async () => [],
      allowance: undefined,
      onText() {},
      onUsage() {},
      onFault() {},
    })
    return { attempt, calls }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const inAnHour = () => new Date(Date.now() + 3_600_500).toUTCString()

test.each([
  [429, () => '3600'],
  [529, () => '3600'],
  [429, inAnHour],
])(
  'a %i that asks to wait for an hour ends the attempt by its timeout, which says so',
  async (status, after) => {
    const spec = { timeoutMs: 1_000, attempts: 1 }
    const { attempt, calls } = await refusedAttempt(status, { 'retry-after': after() }, spec)
    const said = new RegExp(
      `^It ran longer than 1000 ms\\. The provider local answered ${status}\\. It asked to wait (3599|360[01]) s\\.$`,
    )
    expect(attempt).toMatchObject({
      status: 'failed',
      outcome: 'timed-out',
      error: { code: 'timeout', message: expect.stringMatching(said) },
    })
    expect(calls).toBe(1)
  },
)

test('a 503 that asks for an hour is tried again once an attempt might have taken as long', async () => {
  const spec = { timeoutMs: 20_000, attempts: 2 }
  const { attempt } = await refusedAttempt(503, { 'retry-after': '3600' }, spec)
  expect(attempt).toMatchObject({ status: 'queued', outcome: 'failed', retryInMs: 20_000 })
})

test('an exhausted quota is final, although it comes as a 429', async () => {
  const { result } = await run(
    [
      {
        error: { message: 'You exceeded your current quota', code: 'insufficient_quota' },
        status: 429,
      },
    ],
    { model: 'openai:gpt-4o' },
  )
  expect(await failed(result)).toMatchObject({ name: 'PermanentError', code: 'provider-quota' })
})

test.each([
  ['Your credit balance is too low to access the API', 'provider-quota', 'used up'],
  [
    'prompt is too long: 210000 tokens > 200000 maximum',
    'context-too-long',
    'more than it accepts',
  ],
  [
    "This model's maximum context length is 8192 tokens",
    'context-too-long',
    'more than it accepts',
  ],
  ['messages: roles must alternate', 'provider-rejected', 'not accept what it was sent'],
])('a 400 that says "%s" is %s', async (said, code, words) => {
  const refusal = { error: { message: said, type: 'invalid_request_error' }, status: 400 }
  const { result } = await run([refusal])
  const error = await failed(result)
  expect(error).toMatchObject({ name: 'PermanentError', code })
  expect(error.message).toContain(words)
  expect(error.message).not.toContain(said)
})

test('if a quota is used up, another model answers immediately', async () => {
  const unpaid = {
    error: { message: 'Your account is not active', type: 'billing_not_active' },
    status: 429,
  }
  const { result, calls } = await run([look, unpaid, done], {
    spec: { options: { fallbackModels: ['local:qwen3:8b'] } },
  })
  expect(await result).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  expect(calls().map(({ status }) => status)).toEqual([200, 429, 200])
})

test('a model that cannot write as much as allowed is asked for less', async () => {
  const said =
    'max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for m'
  const refused = { error: { message: said, type: 'invalid_request_error' }, status: 400 }
  const { result, calls } = await run([refused, look, done], { model: 'anthropic:my-small-model' })
  expect(await result).toMatchObject({ status: 'succeeded' })
  expect(calls().map(({ body }) => body.max_tokens)).toEqual([32_000, 8_192, 8_192])
})

test('a task that is too long says what was long', async () => {
  const said = 'prompt is too long: 210000 tokens > 200000 maximum'
  const { result } = await run([look, { error: { message: said }, status: 400 }], {
    spec: { prompt: 'x' },
  })
  expect((await failed(result)).message).toMatch(
    /It accepts 200000 tokens\. It was 10000 tokens too many, of 210000\. It was sent about \d+ tokens: instructions and tools \d+, .*results of `list` \d+/,
  )
})

test('another model answers if the requested one is not available', async () => {
  const fallbackModels = ['local:qwen3:8b']
  const missing = { error: { message: 'no such model' }, status: 404 }
  const { result, calls } = await run([missing, done], { spec: { options: { fallbackModels } } })
  expect(await result).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  expect(calls().map(({ body }) => body.model)).toEqual(['claude-sonnet-4-5', 'qwen3:8b'])
})

test('another model continues if the requested one keeps failing', async () => {
  const oops = { error: { message: 'oops' }, status: 500 }
  const fallbackModels = ['openai:gpt-4o']
  const { result, calls, context } = await run([oops, oops, oops, look, done], {
    spec: { options: { fallbackModels } },
  })
  expect(await result).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  expect(calls().map(({ body }) => body.model)).toEqual([
    ...Array(3).fill('claude-sonnet-4-5'),
    'gpt-4o',
    'gpt-4o',
  ])
  expect(context.answeredBy).toEqual(['openai:gpt-4o', 'openai:gpt-4o'])
})

test('each answer is paid for at the price of the model that gave it', async () => {
  const usage = {
    input_tokens: 1_000,
    output_tokens: 0,
    prompt_tokens: 1_000,
    completion_tokens: 0,
  }
  const step = { content: 'Looking.', toolCalls: [toolCall('list', {})], usage }
  const missing = { error: { message: 'gone' }, status: 404 }
  const fallbackModels = ['openai:gpt-4o']
  const { result, context } = await run([step, missing, { content: 'Done.', usage }], {
    spec: { options: { fallbackModels } },
  })
  await result
  const costs = context.usages.map(({ costUsd }) => costUsd)
  const tokens = {
    inputTokens: 1_000,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
  }
  const [first, second] = ['anthropic:claude-sonnet-4-5', 'openai:gpt-4o'].map((name) =>
    costOf(name, tokens),
  )
  expect(first).not.toBe(second)
  expect(costs[0]).toBeCloseTo(first ?? 0)
  expect(costs[1]).toBeCloseTo((first ?? 0) + (second ?? 0))
  expect(context.answeredBy).toEqual(['anthropic:claude-sonnet-4-5', 'openai:gpt-4o'])
})

test('a server that cannot bind its answers to a schema is asked without', async () => {
  const refused = { error: { message: 'response_format is not supported' }, status: 400 }
  const { result, calls } = await run([refused, { content: '{"a": 1}' }], {
    model: 'openai:gpt-4o',
    spec: { outputSchema: { type: 'object', required: ['a'] } },
  })
  expect(await result).toMatchObject({ status: 'succeeded', output: { data: { a: 1 } } })
  expect(calls().map(({ body }) => 'response_format' in body)).toEqual([true, false])
})

test('no error repeats a prompt, an answer or a key', async () => {
  const SECRETS = ['sk-ant-secret-1', 'PROMPT-TEXT', 'ANSWER-TEXT']
  const leak = SECRETS.join(' ')
  const server = createServer((request, response) => {
    const kind = Number(request.headers['x-test'] ?? request.url?.split('/')[1])
    if (kind < 600) {
      response.writeHead(kind, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ type: 'error', error: { type: leak, message: leak, code: leak } }),
      )
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (kind === 600)
      response.end(
        `event: error\ndata: {"type":"error","error":{"type":"api_error","message":"${leak}"}}\n\n`,
      )
    else response.end(`data: ${leak}\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    for (const kind of [400, 401, 404, 418, 500, 503, 600, 601]) {
      const base = `http://127.0.0.1:${port}/${kind}`
      const executor = modelExecutor({
        providers: {
          anthropicApiKey: 'sk-ant-secret-1',
          anthropicBaseUrl: base,
          localBaseUrl: base,
        },
        defaultModel: undefined,
      })
      for (const model of ['anthropic:claude-sonnet-4-5', 'local:qwen3']) {
        const request = aRequest({ model }, { prompt: 'PROMPT-TEXT' })
        const error = await failed(executor.execute(request, aContext()))
        expect([TransientError, PermanentError]).toContain(error.constructor)
        const told = `${error.message} ${error.code} ${error.stack} ${JSON.stringify(error)}`
        for (const secret of SECRETS) expect(told, `${kind} ${model}`).not.toContain(secret)
        expect(error.cause).toBeUndefined()
      }
    }
  } finally {
    server.close()
  }
})

test('an unreachable provider fails the attempt, to be tried again', async () => {
  const executor = modelExecutor({
    providers: { localBaseUrl: 'http://127.0.0.1:9' },
    defaultModel: 'local:x',
  })
  expect(await failed(executor.execute(aRequest(), aContext()))).toMatchObject({
    name: 'TransientError',
    code: 'provider-unreachable',
    message: 'The connection to the provider local failed.',
  })
})
