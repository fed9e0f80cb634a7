import { expect, test } from 'vitest'
import { compareFindings, compareTasks, type SynthesisFinding } from '../../src/client/index.ts'

function finding(id: string, title: string, more: Partial<SynthesisFinding> = {}) {
  return {
    id,
    title,
    severity: 'high',
    confidence: 0.9,
    detail: '',
    sources: [],
    ...more,
  } satisfies SynthesisFinding
}

test('findings of two runs are new, still there or gone, whatever their ids are', () => {
  const before = [
    finding('f-1', 'Reset tokens never expire', { file: 'a.ts', line: 48 }),
    finding('f-2', 'Session ids are logged', { file: 'b.ts' }),
    finding('f-3', 'Roles are read three times'),
  ]
  const after = [
    finding('f-1', 'Roles are read 4 times.'),
    finding('f-2', 'reset tokens never expire!', { file: 'a.ts', line: 90 }),
    finding('f-3', 'Session ids are logged', { file: 'c.ts' }),
  ]
  const { new: fresh, still, gone } = compareFindings(before, after)
  expect(fresh.map(({ id }) => id)).toEqual(['f-1', 'f-3'])
  expect(still.map((pair) => [pair.before.id, pair.after.id])).toEqual([['f-1', 'f-2']])
  expect(gone.map(({ id }) => id)).toEqual(['f-2', 'f-3'])
})

test('a finding that was worded anew is known by its place, and only once', () => {
  const at = (line: number) => ({ file: 'a.ts', line })
  const before = [finding('f-1', 'Uses eval', at(10))]
  const after = [
    finding('f-1', 'Runs whatever it is given', at(13)),
    finding('f-2', 'Another one', at(12)),
    finding('f-3', 'Elsewhere', at(40)),
  ]
  const { new: fresh, still } = compareFindings(before, after)
  expect(still.map((pair) => pair.after.id)).toEqual(['f-1'])
  expect(fresh.map(({ id }) => id)).toEqual(['f-2', 'f-3'])
  expect(compareFindings([], [])).toEqual({ new: [], still: [], gone: [] })
})

test('tasks are compared by id, also those that one run alone has', () => {
  const task = (id: string, status: string) => ({ id, status }) as never
  const changes = compareTasks(
    [task('a', 'failed'), task('old', 'succeeded')],
    [task('new', 'succeeded'), task('a', 'succeeded')],
  )
  expect(
    changes.map(({ taskId, before, after }) => [taskId, before?.status, after?.status]),
  ).toEqual([
    ['new', undefined, 'succeeded'],
    ['a', 'failed', 'succeeded'],
    ['old', 'succeeded', undefined],
  ])
})
