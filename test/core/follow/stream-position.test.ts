import { expect, test } from 'vitest'
import { eventIdAt, inOrder, positionOf } from '../../../src/core/follow/stream-position.ts'

const event = (id: string, type = 'task.started') => ({ id, type, data: {} })
const text = (id: string) => ({ id, taskId: 'a', attempt: 1, offset: 0, text: 'x' })
const ids = (items: ReturnType<typeof inOrder>) =>
  items.map((item) => ('event' in item ? `${item.event.type} ${item.event.id}` : item.text.id))

test('a position is written and read back, with and without a text', () => {
  for (const id of ['1-0', '1700000000000-3.1700000000001-0']) {
    const position = positionOf(id)
    expect(position && eventIdAt(position)).toBe(id)
  }
  for (const id of [undefined, '', 'x', '1-0.', '1-0.2', `${'9'.repeat(19)}-0`]) {
    expect(positionOf(id)).toBeUndefined()
  }
})

test('within a millisecond a task begins, writes and ends; events keep their order', () => {
  const events = [event('5-0', 'task.finished'), event('5-1'), event('6-0', 'plan.finished')]
  expect(ids(inOrder({ events, texts: [text('4-9'), text('5-0'), text('6-0')] }, 10))).toEqual([
    '4-9',
    '5-0',
    'task.finished 5-0',
    'task.started 5-1',
    '6-0',
    'plan.finished 6-0',
  ])
  expect(ids(inOrder({ events: [event('5-0')], texts: [text('5-0')] }, 10))).toEqual([
    'task.started 5-0',
    '5-0',
  ])
})

test('what is newer than the end of a cut list waits for the rest of that list', () => {
  const events = [event('1-0'), event('9-0')]
  const texts = [text('2-0'), text('3-0')]
  expect(ids(inOrder({ events, texts }, 2))).toEqual(['task.started 1-0', '2-0', '3-0'])
  expect(ids(inOrder({ events, texts: [text('8-0'), text('10-0')] }, 2))).toEqual([
    'task.started 1-0',
    '8-0',
    'task.started 9-0',
  ])
})
