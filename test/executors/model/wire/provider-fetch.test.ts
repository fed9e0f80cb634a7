import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type MisbehavingServer, misbehavingServer } from '../misbehaving-server.ts'

// What servers really send that say they speak OpenAI's or Anthropic's language.

let close: () => Promise<void>
let executorOn: MisbehavingServer['executorOn']
beforeEach(async () => {
  ;({ executorOn, close } = await misbehavingServer())
})
afterEach(() => close())

const CHAT = ['local:m', 'openai:m']

/** Each line is one event; what is not a string is sent as JSON. */
function sends(...events: unknown[]) {
  return (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const lines = events.map((event) =>
      typeof event === 'string' ? event : `data: ${JSON.stringify(event)}`,
    )
    response.end(`${lines.join('\n\n')}\n\n`)
  }
}
const delta = (said: object, finish?: string | null) => ({
  choices: [{ index: 0, delta: said, ...(finish === undefined ? {} : { finish_reason: finish }) }],
})
const DONE = 'data: [DONE]'
const hi = delta({ content: 'Hi.' })
const stop = delta({}, 'stop')
const answered = sends(hi, stop, DONE)

test.each([
  ['an error that is none', [{ ...hi, error: null }, { ...stop, error: null }, DONE]],
  ['a chunk that is null', ['data: null', hi, 'data: null', stop, DONE]],
  [
    'a ping among the chunks',
    [{ type: 'ping' }, ': keep-alive', hi, 'event: ping\ndata: {}', stop, DONE],
  ],
  ['no reason for its end', [hi, DONE]],
  [
    'no reason, but what it cost',
    [hi, { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }],
  ],
  ['an empty reason on the way', [delta({ content: 'Hi.' }, ''), stop, DONE]],
  [
    'a reason that is a role beside',
    [{ choices: [{ delta: { role: 'model', content: 'Hi.' } }] }, stop, DONE],
  ],
  ['calls of tools that are none', [hi, delta({ tool_calls: [] }, 'tool_calls'), DONE]],
  [
    'calls of tools that are null',
    [delta({ content: 'Hi.', tool_calls: null, function_call: null }), stop, DONE],
  ],
  ['text as a list of parts', [delta({ content: [{ type: 'text', text: 'Hi.' }] }), stop, DONE]],
  [
    'messages instead of deltas',
    [{ choices: [{ message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }] }],
  ],
  [
    'usage that is no number',
    [hi, { ...stop, usage: { prompt_tokens: '12', completion_tokens: null } }, DONE],
  ],
  ['lines that end with CRLF', [`data: ${JSON.stringify(hi)}\r\n\r`, stop, DONE]],
  [
    'fields of a newer API',
    [
      {
        ...hi,
        obfuscation: 'x',
        service_tier: null,
        choices: [{ ...hi.choices[0], logprobs: { content: 'x' } }],
      },
      stop,
      DONE,
    ],
  ],
])('%s is taken for what it means', async (_, events) => {
  const { run } = await executorOn(sends(...events))
  for (const model of CHAT) {
    expect(await run({ model })).toMatchObject({ status: 'succeeded', output: { text: 'Hi.' } })
  }
})

test('JSON instead of a stream is an answer too', async () => {
  const tool_calls = [{ id: 'a', type: 'function', function: { name: 'list', arguments: {} } }]
  const whole = (message: object, finish_reason?: string) => (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ object: 'chat.completion', choices: [{ message, finish_reason }] }, null, 2),
    )
  }
  const { run, bodies } = await executorOn(
    whole({ content: null, tool_calls }, 'tool_calls'),
    whole({ content: 'Hi.' }),
  )
  expect(await run()).toMatchObject({ status: 'succeeded', output: { text: 'Hi.' } })
  expect(bodies[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: 'a.txt' })
})

test.each([
  [
    'arguments as an object',
    [[{ index: 0, id: 'a', function: { name: 'read', arguments: { path: 'a.txt' } } }]],
  ],
  [
    'one call that is no list',
    [{ index: 0, id: 'a', function: { name: 'read', arguments: '{"path":"a.txt"}' } }],
  ],
  ['no number and no id', [[{ function: { name: 'read', arguments: '{"path":"a.txt"}' } }]]],
  ['the older call of a function', 'function_call'],
])('calls of tools are understood: %s', async (_, calls) => {
  const said =
    calls === 'function_call'
      ? [{ function_call: { name: 'read', arguments: '{"path":"a.txt"}' } }]
      : (calls as unknown[]).map((tool_calls) => ({ tool_calls }))
  for (const model of CHAT) {
    const { run, bodies } = await executorOn(
      sends(...said.map((one) => delta(one)), DONE),
      answered,
    )
    expect(await run({ model })).toMatchObject({ status: 'succeeded', output: { text: 'Hi.' } })
    expect(bodies[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: '1\tneedle' })
    await close()
    ;({ executorOn, close } = await misbehavingServer())
  }
})

test('several calls of tools that all have the number 0 are several', async () => {
  const call = (id: string, name: string, input: string) =>
    delta({
      tool_calls: [{ index: 0, id, type: 'function', function: { name, arguments: input } }],
    })
  const { run, bodies } = await executorOn(
    sends(
      call('a', 'list', '{}'),
      call('b', 'read', '{"path":'),
      delta({ tool_calls: [{ index: 0, function: { arguments: '"a.txt"}' } }] }),
      delta({}, 'tool_calls'),
      DONE,
    ),
    answered,
  )
  await run()
  expect(bodies[1]?.messages.slice(-2)).toMatchObject([
    { content: 'a.txt' },
    { content: '1\tneedle' },
  ])
})

test.each([
  [
    'too long, by words',
    {
      error: {
        message:
          "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
        type: 'BadRequestError',
        code: 400,
      },
    },
    'context-too-long',
  ],
  [
    'too long, as a plain object',
    { object: 'error', message: 'prompt is too long: 5000 tokens > 4096 maximum', code: 400 },
    'context-too-long',
  ],
  ['no credit, as a text', { error: 'Insufficient balance' }, 'provider-quota'],
  [
    'no credit, in what a proxy was told',
    {
      error: {
        message: 'Provider returned error',
        code: 429,
        metadata: { raw: '{"error":{"type":"exceeded_current_quota_error","message":"x"}}' },
      },
    },
    'provider-quota',
  ],
  [
    'a list of one error',
    [{ error: { code: 403, message: 'no', status: 'PERMISSION_DENIED' } }],
    'provider-forbidden',
  ],
  [
    'an event that says so',
    'event: error\ndata: {"code": 401, "message": "no"}',
    'provider-unauthorized',
  ],
  ['a server that fails', { error: { message: 'upstream', code: 502 } }, 'provider-error'],
  ['a detail', { detail: 'prompt is too long: 5000 tokens > 4096 maximum' }, 'context-too-long'],
])('an error in a stream with the status 200 keeps its meaning: %s', async (_, error, code) => {
  for (const first of [[], [hi]]) {
    const { run } = await executorOn(sends(...first, error))
    for (const model of CHAT) await expect(run({ model }), model).rejects.toMatchObject({ code })
    await close()
    ;({ executorOn, close } = await misbehavingServer())
  }
})

test('a rate limit within a stream is waited for', async () => {
  const { run, bodies } = await executorOn(
    sends({ error: { message: 'Rate limit exceeded', code: 429 } }),
    answered,
  )
  expect(await run()).toMatchObject({ status: 'succeeded' })
  expect(bodies).toHaveLength(2)
})

test.each([
  [
    422,
    {
      detail: [
        {
          type: 'extra_forbidden',
          loc: ['body', 'stream_options', 'include_usage'],
          msg: 'Extra inputs are not permitted',
        },
      ],
    },
  ],
  [
    400,
    { error: { message: "Unknown parameter: 'stream_options'.", type: 'invalid_request_error' } },
  ],
  [400, { error: 'Validation error at #/stream_options: Extra inputs are not permitted' }],
])('a server that refuses stream_options with %i is asked without', async (status, refusal) => {
  const { run, bodies } = await executorOn(
    (response) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify(refusal)),
    sends(delta({ tool_calls: [{ id: 'a', function: { name: 'list', arguments: '{}' } }] }), DONE),
    answered,
  )
  expect(await run()).toMatchObject({ status: 'succeeded', output: { text: 'Hi.' } })
  expect(bodies.map((body) => 'stream_options' in body)).toEqual([true, false, false])
})

test('effort, temperature and seed are sent, and left out where a server refuses them', async () => {
  const message = "Unsupported parameter: 'temperature' is not supported with this model."
  const { run, bodies } = await executorOn((response) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message } }))
  }, answered)
  await run({ options: { effort: 'high', temperature: 0.2, seed: 7 } })
  expect(bodies[0]).toMatchObject({ reasoning_effort: 'high', temperature: 0.2, seed: 7 })
  expect(bodies[1]).toMatchObject({ reasoning_effort: 'high', seed: 7 })
  expect(bodies[1]).not.toHaveProperty('temperature')
})

const start = {
  type: 'message_start',
  message: { id: 'm', model: 'm', usage: { input_tokens: 1 } },
}
const block = (index: number, content_block: object) => ({
  type: 'content_block_start',
  index,
  content_block,
})
const piece = (index: number, said: object) => ({ type: 'content_block_delta', index, delta: said })
const shut = (index: number) => ({ type: 'content_block_stop', index })
const text = [
  block(0, { type: 'text', text: '' }),
  piece(0, { type: 'text_delta', text: 'Hi.' }),
  shut(0),
]
const end = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]

test.each([
  ['an unknown event', [start, { type: 'message_note', note: {} }, ...text, ...end]],
  [
    'an unknown block',
    [
      start,
      block(5, { type: 'hologram', data: 1 }),
      piece(5, { type: 'hologram_delta' }),
      shut(5),
      ...text,
      ...end,
    ],
  ],
  [
    'an unknown delta',
    [start, text[0], piece(0, { type: 'emphasis_delta', level: 2 }), ...text.slice(1), ...end],
  ],
  ['null', [start, 'data: null', ...text, ...end]],
  ['an error that is none', [{ ...start, error: null }, ...text, ...end]],
  ['a block without its first text', [start, block(0, { type: 'text' }), ...text.slice(1), ...end]],
  [
    'no usage',
    [
      { type: 'message_start', message: { id: 'm' } },
      ...text,
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      end[1],
    ],
  ],
  ['no reason for its end', [start, ...text, end[1]]],
  [
    'calls of tools that are none',
    [start, ...text, { ...end[0], delta: { stop_reason: 'tool_use' } }, end[1]],
  ],
  ['pings', [start, { type: 'ping' }, ': ping', ...text, { type: 'ping' }, ...end]],
  [
    'JSON instead of a stream',
    [
      JSON.stringify({
        type: 'message',
        id: 'm',
        content: [{ type: 'text', text: 'Hi.' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 1, output_tokens: 1 },
      }),
    ],
  ],
])("in Anthropic's language, %s is taken for what it means", async (_, events) => {
  const { run } = await executorOn(sends(...events))
  expect(await run({ model: 'anthropic:m' })).toMatchObject({
    status: 'succeeded',
    output: { text: 'Hi.' },
  })
})

test("in Anthropic's protocol, tool arguments may arrive complete, as an object", async () => {
  const { run, bodies } = await executorOn(
    sends(
      start,
      block(0, { type: 'tool_use', id: 'a', name: 'read', input: { path: 'a.txt' } }),
      shut(0),
      { ...end[0], delta: { stop_reason: 'tool_use' } },
      end[1],
    ),
    sends(start, ...text, ...end),
  )
  expect(await run({ model: 'anthropic:m' })).toMatchObject({ status: 'succeeded' })
  expect(JSON.stringify(bodies[1]?.messages)).toContain('needle')
})

test("in Anthropic's language, an error within the stream keeps its meaning", async () => {
  for (const [error, code] of [
    [
      { type: 'invalid_request_error', message: 'prompt is too long: 5000 tokens > 4096 maximum' },
      'context-too-long',
    ],
    [{ message: 'Your credit balance is too low' }, 'provider-quota'],
    [{ type: 'api_error', message: 'no' }, 'provider-error'],
  ] as const) {
    const { run } = await executorOn(sends(start, ...text, { type: 'error', error }))
    await expect(run({ model: 'anthropic:m' })).rejects.toMatchObject({ code })
    await close()
    ;({ executorOn, close } = await misbehavingServer())
  }
})
