import { TaskState } from '@a2a-js/sdk'
import { expect, onTestFinished, test } from 'vitest'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import { httpExecutor } from '../../../src/executors/http/http-executor.ts'
import { aContext, aRequest } from '../requests.ts'
import { anExecutor, aRemoteAgent, data, part, type Turn, text } from './remote-agent.ts'

type Options = Parameters<typeof aRemoteAgent>[1]

const ways = [
  { transport: 'JSONRPC', streaming: true },
  { transport: 'JSONRPC', streaming: false },
  { transport: 'HTTP+JSON', streaming: true },
  { transport: 'HTTP+JSON', streaming: false },
] as const

async function run(
  act: (turn: Turn) => Promise<void> | void,
  {
    spec = {},
    request = {},
    ...options
  }: Options & { spec?: Partial<TaskSpec>; request?: object } = {},
) {
  const agent = await aRemoteAgent(act, options)
  onTestFinished(() => agent.close())
  const context = aContext()
  const usages: unknown[] = []
  context.onUsage = (usage) => usages.push(usage)
  const outcome = anExecutor(agent.url).execute(aRequest(spec, request), context)
  return { agent, context, usages, outcome }
}

test.each(ways)(
  'sends the shared context, then the prompt, by $transport with events: $streaming',
  async (way) => {
    const seen: string[] = []
    const { outcome } = await run(
      ({ prompt, artifact, status }) => {
        seen.push(prompt)
        artifact('result', [text('Done.')])
        status(TaskState.TASK_STATE_COMPLETED)
      },
      { ...way, request: { sharedContext: 'SHARED', prompt: 'größer' } },
    )
    expect(await outcome).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
    expect(seen).toEqual(['SHARED\n\ngrößer'])
  },
)

test.each([
  [true, ['SendStreamingMessage']],
  [false, ['SendMessage', 'GetTask']],
])(
  'uses events where the card says that there are some, else asks: %s',
  async (streaming, expected) => {
    const methods = new Set<string>()
    const asked = Promise.withResolvers<void>()
    const { outcome } = await run(
      async ({ artifact, status }) => {
        status(TaskState.TASK_STATE_WORKING)
        if (!streaming) await asked.promise
        artifact('result', [text('Done.')])
        status(TaskState.TASK_STATE_COMPLETED)
      },
      {
        streaming,
        intercept({ body }, _, next) {
          if (body?.method !== undefined) methods.add(body.method)
          if (body?.method === 'GetTask') asked.resolve()
          next()
        },
      },
    )
    expect(await outcome).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
    expect(methods).toEqual(new Set(expected))
  },
)

test.each([true, false])(
  'an artifact that comes in pieces is one text, with events: %s',
  async (streaming) => {
    const { context, outcome } = await run(
      ({ artifact, status }) => {
        status(TaskState.TASK_STATE_WORKING, 'Looking.')
        artifact('review', [text('All ')])
        artifact('review', [text('is ')], { append: true })
        artifact('review', [text('well.')], { append: true })
        artifact('appendix', [text('More.')])
        status(TaskState.TASK_STATE_COMPLETED, 'I am done.')
      },
      { streaming },
    )
    expect((await outcome).output.text).toBe('All is well.\n\nMore.\n\nI am done.')
    const told = context.text()
    expect(told).toContain('All is well.\n\nMore.')
    expect(told).toContain('I am done.')
    expect(told.match(/All/g)).toHaveLength(1)
    if (streaming) expect(told).toBe('Looking.\n\nAll is well.\n\nMore.\n\nI am done.')
  },
)

test('text is passed on while the agent still works', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const agent = await aRemoteAgent(async ({ artifact, status }) => {
    artifact('result', [text('first ')])
    await promise
    artifact('result', [text('second')], { append: true })
    status(TaskState.TASK_STATE_COMPLETED)
  })
  onTestFinished(() => agent.close())
  const pieces: string[] = []
  const context = aContext()
  context.onText = (piece) => {
    pieces.push(piece)
    // Only this makes the agent continue.
    resolve()
  }
  const outcome = await anExecutor(agent.url).execute(aRequest(), context)
  expect(outcome.output.text).toBe('first second')
  expect(pieces).toEqual(['first ', 'second'])
})

test.each([true, false])(
  'an answer without a task is an output, with events: %s',
  async (streaming) => {
    const { outcome, context } = await run(({ reply }) => reply([text('Just so.')]), { streaming })
    expect(await outcome).toMatchObject({ status: 'succeeded', output: { text: 'Just so.' } })
    expect(context.text()).toBe('Just so.')
  },
)

test('a last message that repeats an artifact is there once', async () => {
  const { outcome } = await run(({ artifact, status }) => {
    artifact('result', [text('All is well.')])
    status(TaskState.TASK_STATE_COMPLETED, 'All is well.')
  })
  expect((await outcome).output.text).toBe('All is well.')
})

test.each([true, false])(
  'where there is neither artifact nor last message, what was said before is the output, with events: %s',
  async (streaming) => {
    const { outcome } = await run(
      ({ status }) => {
        status(TaskState.TASK_STATE_WORKING, 'The answer is 42.')
        status(TaskState.TASK_STATE_COMPLETED)
      },
      { streaming },
    )
    expect((await outcome).output.text).toBe('The answer is 42.')
  },
)

test('no output is incomplete', async () => {
  const { outcome } = await run(({ status }) => status(TaskState.TASK_STATE_COMPLETED))
  expect(await outcome).toMatchObject({ status: 'incomplete', reason: { code: 'empty-output' } })
})

test('findings in data are data, beside the text', async () => {
  const finding = { title: 'Weak hash', severity: 'high', confidence: 0.5, file: 'a.ts' }
  const { outcome } = await run(({ artifact, status }) => {
    artifact('result', [text('One problem.'), data({ findings: [finding] })])
    status(TaskState.TASK_STATE_COMPLETED)
  })
  const { output } = await outcome
  expect(output.findings).toEqual([finding])
  expect(output.text).toMatch(/^One problem\.\n\n```json\n/)
})

const outputSchema = {
  type: 'object',
  properties: { score: { type: 'integer' } },
  required: ['score'],
}

test('an output schema is sent to the agent, and matching data is the output', async () => {
  const seen: string[] = []
  const { outcome } = await run(
    ({ prompt, artifact, status }) => {
      seen.push(prompt)
      artifact('result', [data({ score: 7 })])
      status(TaskState.TASK_STATE_COMPLETED, 'Scored.')
    },
    { spec: { outputSchema } },
  )
  expect(await outcome).toMatchObject({ status: 'succeeded', output: { data: { score: 7 } } })
  expect(seen[0]).toMatch(/^Review the code\.\n/)
  expect(seen[0]).toContain(JSON.stringify(outputSchema))
})

test('a text that fits the schema is the output as well, and one that does not is incomplete', async () => {
  const answer = async (words: string) => {
    const act = ({ reply }: Turn) => reply([text(words)])
    return (await run(act, { spec: { outputSchema } })).outcome
  }
  expect(await answer('{"score": 7}')).toMatchObject({
    status: 'succeeded',
    output: { text: '{"score": 7}', data: { score: 7 } },
  })
  expect(await answer('{"score": "seven"}')).toMatchObject({
    status: 'incomplete',
    reason: { code: 'off-schema' },
    output: { text: '{"score": "seven"}' },
  })
})

test('files become text if possible, otherwise a link or a note, and nothing is fetched', async () => {
  const { agent, outcome } = await run(({ artifact, status }) => {
    artifact('files', [
      part({ $case: 'raw', value: Buffer.from('# Notes') }, { mediaType: 'text/markdown' }),
      part(
        { $case: 'raw', value: Buffer.from([1, 2, 3]) },
        { mediaType: 'image/png', filename: 'a.png' },
      ),
      part({ $case: 'url', value: 'http://127.0.0.1:1/b.pdf' }, { filename: 'b.pdf' }),
    ])
    status(TaskState.TASK_STATE_COMPLETED)
  })
  const { output } = await outcome
  expect(output.text).toContain('# Notes')
  expect(output.text).toContain('[a.png, image/png, 3 bytes]')
  expect(output.text).toContain('[b.pdf](http://127.0.0.1:1/b.pdf)')
  expect(agent.requests).toHaveLength(2)
})

test('too much output is cut, and incomplete', async () => {
  const piece = text('x'.repeat(1_000_000))
  const { outcome } = await run(({ artifact, status }) => {
    for (let count = 0; count < 5; count += 1) artifact('result', [piece], { append: true })
    status(TaskState.TASK_STATE_COMPLETED)
  })
  const ended = await outcome
  expect(ended).toMatchObject({ status: 'incomplete', reason: { code: 'output-limit' } })
  expect(ended.output.text).toHaveLength(4_000_000)
})

test.each([
  { usage: { inputTokens: 12, outputTokens: 3, costUsd: 0.02 } },
  { usage: { input_tokens: 12, output_tokens: 3, costUsd: 0.02 } },
  { usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, costUsd: 0.02 } },
])('what the agent says of its use is reported, the latest total alone: %j', async (metadata) => {
  const { outcome, usages } = await run(({ artifact, status }) => {
    status(TaskState.TASK_STATE_WORKING, undefined, { usage: { inputTokens: 5 } })
    artifact('result', [text('Done.')])
    status(TaskState.TASK_STATE_COMPLETED, undefined, metadata)
  })
  const total = {
    inputTokens: 12,
    outputTokens: 3,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    steps: 0,
    costUsd: 0.02,
  }
  expect((await outcome).usage).toEqual(total)
  expect(usages).toMatchObject([{ inputTokens: 5, costUsd: 0 }, total])
})

test('a statement of use that cannot be meant is none', async () => {
  const { outcome } = await run(({ reply }) =>
    reply([text('Done.')], { usage: { inputTokens: -1, costUsd: 'much' } }),
  )
  expect(await outcome).toMatchObject({
    status: 'succeeded',
    usage: { inputTokens: 0, costUsd: 0 },
  })
})

test.each([
  [TaskState.TASK_STATE_FAILED, 'agent-failed', 'The agent reviewer failed: No disk space.'],
  [
    TaskState.TASK_STATE_REJECTED,
    'agent-rejected',
    'The agent reviewer rejected the task: No disk space.',
  ],
  [
    TaskState.TASK_STATE_CANCELED,
    'agent-canceled',
    'The agent reviewer cancelled the task: No disk space.',
  ],
])(
  'a task that the agent does not do fails for good, with its words: %s',
  async (state, code, message) => {
    for (const streaming of [true, false]) {
      const act = ({ status }: Turn) => status(state, 'No disk\n space.')
      const { outcome, agent } = await run(act, { streaming })
      await expect(outcome).rejects.toMatchObject({ name: 'PermanentError', code, message })
      expect(agent.cancelled).toEqual([])
    }
  },
)

test.each([
  [TaskState.TASK_STATE_INPUT_REQUIRED, 'input-required'],
  [TaskState.TASK_STATE_AUTH_REQUIRED, 'auth-required'],
])(
  'an agent that waits for somebody leaves its task incomplete, and is told to stop: %s',
  async (state, code) => {
    for (const way of ways) {
      const { outcome, agent } = await run(({ artifact, status }) => {
        artifact('result', [text('So far.')])
        status(state, 'Which branch?')
      }, way)
      expect(await outcome).toMatchObject({
        status: 'incomplete',
        reason: { code, message: expect.stringMatching(/nobody can give: Which branch\?$/) },
        output: { text: expect.stringMatching(/^So far\./) },
      })
      expect(agent.cancelled).toHaveLength(1)
    }
  },
)

test.each(ways)(
  'speaks version 0.3 of the protocol, by $transport with events: $streaming',
  async (way) => {
    const { agent, outcome } = await run(
      ({ artifact, status }) => {
        artifact('result', [text('Of old.')])
        status(TaskState.TASK_STATE_COMPLETED)
      },
      { ...way, legacy: true },
    )
    expect(await outcome).toMatchObject({ status: 'succeeded', output: { text: 'Of old.' } })
    const calls = agent.requests.map(
      ({ path, body }) => (body as { method?: string })?.method ?? path,
    )
    expect(calls[1]).toMatch(/^(message\/(send|stream)|\/a2a\/v1\/message:(send|stream))$/)
  },
)

test('a task chooses an agent that there is, and nothing else', async () => {
  const executor = anExecutor('http://127.0.0.1:1', {
    other: { url: 'http://127.0.0.1:1', description: 'Other.' },
  })
  const pathsFor = (spec: object) => executor.validate(aRequest(spec).spec).map(({ path }) => path)
  expect(pathsFor({ options: { agent: 'reviewer' } })).toEqual([])
  expect(pathsFor({})).toEqual([['options', 'agent']])
  expect(pathsFor({ options: { agent: 'nobody' } })).toEqual([['options', 'agent']])
  expect(pathsFor({ options: { agent: 'other' }, model: 'x', tools: ['x'] })).toEqual([
    ['model'],
    ['tools'],
  ])
  expect(pathsFor({ options: { agent: 'other', url: 'http://evil.example' } })).toEqual([
    ['options', 'url'],
  ])
  const running = executor.execute(aRequest({ options: { agent: 'nobody' } }), aContext())
  await expect(running).rejects.toMatchObject({ code: 'agent-not-configured' })
  expect(httpExecutor({ agents: {} }).describe()).toMatchObject({
    available: false,
    reason: 'No agent is configured.',
  })
})
