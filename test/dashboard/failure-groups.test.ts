import { expect, test } from 'vitest'
import { failureGroups } from '../../dashboard/src/live/failure-groups.ts'
import type { LiveTask } from '../../dashboard/src/live/plan-model.ts'

function failed(id: string, code: string, message: string): LiveTask {
  return {
    id,
    description: id,
    status: 'failed',
    wave: 1,
    executor: 'model',
    attempt: 1,
    queuedAt: 0,
    startedAt: 0,
    finishedAt: 1,
    retryAt: null,
    attempts: [],
    costUsd: 0,
    error: { code, message },
  }
}

test('twenty failures of two kinds are two groups, whatever names and numbers they contain', () => {
  const slow = Array.from({ length: 14 }, (_, index) =>
    failed(`review-${index}`, 'timed-out', `review-${index} took longer than ${index + 60} s.`),
  )
  const busy = Array.from({ length: 6 }, (_, index) =>
    failed(`scan-${index}`, 'rate-limited', `The provider answered 429 for "scan ${index}".`),
  )
  const fine = { ...failed('fine', '', ''), status: 'succeeded' as const, error: undefined }
  expect(
    failureGroups([...busy, fine, ...slow]).map(({ code, tasks }) => [code, tasks.length]),
  ).toEqual([
    ['timed-out', 14],
    ['rate-limited', 6],
  ])
})

test('errors that differ in more than names stay apart, and so do codes', () => {
  const groups = failureGroups([
    failed('a', 'provider-error', 'The provider answered 500.'),
    failed('b', 'provider-error', 'The provider refused the key.'),
    failed('c', 'schema', 'The provider answered 500.'),
    { ...failed('d', '', ''), status: 'incomplete', error: undefined },
  ])
  expect(groups.map(({ tasks }) => tasks)).toEqual([['a'], ['b'], ['c'], ['d']])
  expect(groups[3]).toMatchObject({ code: 'incomplete' })
})
