import { expect, test } from 'vitest'
import { buildTodos } from '../../../src/core/read/todos.ts'

test('many tasks may be in progress at once, and the synthesis comes last', () => {
  const { todos } = buildTodos(
    [
      { description: 'Security review', status: 'running' },
      { description: 'Test review', status: 'running' },
      { description: 'Speed review', status: 'queued' },
    ],
    { status: 'pending' },
  )
  expect(todos).toEqual([
    { content: 'Security review', status: 'in_progress', activeForm: 'Running: Security review' },
    { content: 'Test review', status: 'in_progress', activeForm: 'Running: Test review' },
    { content: 'Speed review', status: 'pending', activeForm: 'Running: Speed review' },
    { content: 'Synthesize results', status: 'pending', activeForm: 'Synthesizing results' },
  ])
})

test('a task that did not succeed is completed and says how it ended', () => {
  const { todos } = buildTodos(
    (['succeeded', 'failed', 'skipped', 'cancelled', 'incomplete'] as const).map((status) => ({
      description: 'X',
      status,
    })),
    { status: 'running' },
  )
  expect(todos.map(({ content, status }) => [content, status])).toEqual([
    ['X', 'completed'],
    ['X (failed)', 'completed'],
    ['X (skipped)', 'completed'],
    ['X (cancelled)', 'completed'],
    ['X (incomplete)', 'completed'],
    ['Synthesize results', 'in_progress'],
  ])
})

test.each([
  ['pending', 'in_progress'],
  ['running', 'in_progress'],
  ['succeeded', 'completed'],
  ['failed', 'completed'],
] as const)('once all tasks have ended, a %s synthesis is %s', (status, todo) => {
  const { todos } = buildTodos([{ description: 'X', status: 'succeeded' }], { status })
  expect(todos.at(-1)?.status).toBe(todo)
})

test('a plan without a synthesis has no such todo', () => {
  expect(buildTodos([], { status: 'disabled' }).todos).toEqual([])
})
