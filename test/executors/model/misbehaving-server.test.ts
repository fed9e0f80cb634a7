import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  chunk,
  type MisbehavingServer,
  misbehavingServer,
  streamed,
  toolCall,
} from './misbehaving-server.ts'

// Servers that speak OpenAI's chat completions, more or less.

let close: () => Promise<void>
let executorOn: MisbehavingServer['executorOn']
beforeEach(async () => {
  ;({ executorOn, close } = await misbehavingServer())
})
afterEach(() => close())

const done = streamed(chunk({ content: 'Done.' }), chunk({}, 'stop'))

test('a server that never stops writing is cut off, and another attempt may go well', async () => {
  const piece = chunk({ content: 'x'.repeat(100_000) })
  const { run } = await executorOn((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const write = () => {
      while (!response.destroyed && response.write(piece)) {}
    }
    response.on('drain', write)
    write()
  })
  await expect(run()).rejects.toMatchObject({
    name: 'TransientError',
    code: 'provider-invalid-response',
  })
})

test('tool calls whose arguments are not JSON are returned to the model', async () => {
  const { run, bodies } = await executorOn(
    streamed(chunk(toolCall('read', '{"path": "a.t')), chunk({}, 'tool_calls')),
    done,
  )
  expect(await run()).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  expect(bodies).toHaveLength(2)
  expect(bodies[1]?.messages.at(-1)?.role).toBe('tool')
})

test('a tool that the task did not choose is not run, whatever the model asks for', async () => {
  const { run, bodies } = await executorOn(
    streamed(chunk(toolCall('read', '{"path": "a.txt"}')), chunk({}, 'tool_calls')),
    done,
  )
  await run({ tools: ['list'] })
  expect(JSON.stringify(bodies[1])).not.toContain('needle')
})

test('hundreds of parallel searches are all answered', async () => {
  const count = 200
  const calls = Array.from({ length: count }, (_, index) =>
    chunk(toolCall('grep', '{"pattern": "needle"}', index)),
  )
  const { run, bodies } = await executorOn(streamed(...calls, chunk({}, 'tool_calls')), done)
  expect(await run()).toMatchObject({ status: 'succeeded' })
  const results = bodies[1]?.messages.filter(({ role }) => role === 'tool') ?? []
  expect(results).toHaveLength(count)
  for (const { content } of results) expect(content).toContain('a.txt')
})

test('a server that says it has finished beside a call of a tool has not', async () => {
  const { run } = await executorOn(
    streamed(chunk({ content: 'Let me look.' }), chunk(toolCall('list', '{}')), chunk({}, 'stop')),
  )
  expect(await run({ options: { maxSteps: 2 } })).toMatchObject({
    status: 'incomplete',
    reason: { code: 'step-limit' },
  })
})

test('an answer of reasons alone is empty', async () => {
  const { run } = await executorOn(
    streamed(chunk({ reasoning_content: 'Hmm.' }), chunk({}, 'stop')),
  )
  expect(await run()).toMatchObject({ status: 'incomplete', reason: { code: 'empty-output' } })
})

test.each([
  ['a page', 'text/html', '<html>Bad gateway</html>'],
  ['an error with the status 200', 'application/json', '{"error":{"message":"no","type":"x"}}'],
  ['nothing', 'text/event-stream', ''],
  ['an end without an answer', 'text/event-stream', 'data: [DONE]\n\n'],
])('%s instead of an answer is tried again', async (_, type, body) => {
  const { run } = await executorOn((response) => {
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  await expect(run()).rejects.toMatchObject({ name: 'TransientError' })
})

test('a long pause of a rate limit is not waited for where another model can answer', async () => {
  const { run, bodies } = await executorOn((response) => {
    response.writeHead(429, { 'retry-after': '3600' }).end('{"error":{"message":"slow down"}}')
  }, done)
  const outcome = await run({ options: { fallbackModels: ['openai:other'] } })
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  expect(bodies).toHaveLength(2)
})

test('an answer that its provider only paused is not whole', async () => {
  const events = [
    { type: 'message_start', message: { id: 'm', model: 'm', usage: { input_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Half a' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'pause_turn' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]
  const { run } = await executorOn((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
  })
  expect(await run({ model: 'anthropic:m' })).toMatchObject({
    status: 'incomplete',
    output: { text: 'Half a' },
    reason: { code: 'unfinished' },
  })
})
