import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  chunk,
  type MisbehavingServer,
  misbehavingServer,
  streamed,
  toolCall,
} from './misbehaving-server.ts'

// Text that is not part of a model's answer or of its tool calls.

let close: () => Promise<void>
let executorOn: MisbehavingServer['executorOn']
beforeEach(async () => {
  ;({ executorOn, close } = await misbehavingServer())
})
afterEach(() => close())

const says = (content: string, more: object = {}) =>
  streamed(chunk({ content, ...more }), chunk({}, 'stop'))
const DRAFT = '{"findings": [{"title": "A draft", "severity": "high"}]}'

test('what is thought aloud is in neither text, data nor findings, and is kept', async () => {
  const { run } = await executorOn(says(`<think>\nPerhaps ${DRAFT}\n</think>\n\n{"score": 7}`))
  const outputSchema = { type: 'object', properties: { score: { type: 'integer' } } }
  expect((await run({ outputSchema })).output).toEqual({
    text: '{"score": 7}',
    data: { score: 7 },
    reasoning: `Perhaps ${DRAFT}`,
  })
  expect((await run()).output).toEqual({ text: '{"score": 7}', reasoning: `Perhaps ${DRAFT}` })
})

test('what a server sends as reasoning is kept as it too', async () => {
  const { run } = await executorOn(says('Done.', { reasoning_content: DRAFT }))
  expect((await run()).output).toEqual({ text: 'Done.', reasoning: DRAFT })
})

test('a thought that is never closed does not take the answer of another step with it', async () => {
  const { run } = await executorOn(
    streamed(
      chunk({ content: '<think>I look' }),
      chunk(toolCall('list', '{}')),
      chunk({}, 'tool_calls'),
    ),
    says('The list is short.'),
  )
  expect((await run()).output).toMatchObject({ text: 'The list is short.' })
})

test('blanks beside a call of a tool are not sent back', async () => {
  const { run, bodies } = await executorOn(
    streamed(chunk({ content: '\n\n' }), chunk(toolCall('list', '{}')), chunk({}, 'tool_calls')),
    says('Done.'),
  )
  await run()
  const said = bodies[1]?.messages.find(({ role }) => role === 'assistant')
  expect(said?.content ?? '').not.toMatch(/\s/)
})

test.each([
  ['null for what is optional', '{"path": "a.txt", "offset": null, "limit": null}'],
  ['numbers as texts', '{"path": "a.txt", "offset": "1"}'],
  ['arguments that are encoded twice', JSON.stringify('{"path": "a.txt"}')],
])('a tool is called as it is meant: %s', async (_, input) => {
  const { run, bodies } = await executorOn(
    streamed(chunk(toolCall('read', input)), chunk({}, 'tool_calls')),
    says('Done.'),
  )
  await run()
  expect(bodies[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: '1\tneedle' })
})

const CALL = '<tool_call>\n{"name": "list", "arguments": {}}\n</tool_call>'

test('a call of a tool that is written as text is asked for again', async () => {
  const { run, bodies } = await executorOn(says(CALL), says('Done.'))
  expect(await run()).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  expect(JSON.stringify(bodies[1]?.messages.at(-1))).toContain('Call the tool itself')
})

test.each([
  CALL,
  'I will look.\n<function_calls>\n<invoke name="list">\n</invoke>\n</function_calls>',
  '[TOOL_CALLS][{"name": "list", "arguments": {}}]',
])('a call of a tool that stays text is no answer: %s', async (text) => {
  const { run, bodies } = await executorOn(says(text))
  expect(await run()).toMatchObject({ status: 'incomplete', reason: { code: 'unfinished' } })
  expect(bodies).toHaveLength(3)
})

test('a call of a tool that is only spoken of is part of an answer', async () => {
  const { run } = await executorOn(
    says(`Write it so:\n\n\`\`\`\n${CALL}\n\`\`\`\nThat is a \`<tool_call>\`.`),
  )
  expect(await run()).toMatchObject({ status: 'succeeded' })
})
