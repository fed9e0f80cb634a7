import { expect, test } from 'vitest'
import type { TaskCounts } from '../../../src/core/contract/status.ts'
import type { PlanRecord } from '../../../src/core/ports/records.ts'
import { planReason } from '../../../src/core/read/plan-reason.ts'

function ended(
  outcome: PlanRecord['outcome'],
  counts: Partial<TaskCounts>,
  more: Partial<PlanRecord> & { minSuccess?: number } = {},
): PlanRecord {
  const { minSuccess = 0, ...rest } = more
  return {
    outcome,
    counts: {
      queued: 0,
      running: 0,
      succeeded: 0,
      incomplete: 0,
      failed: 0,
      cancelled: 0,
      skipped: 0,
      ...counts,
    },
    spec: { policy: { minSuccess } },
    synthesis: { status: 'succeeded', version: 1 },
    ...rest,
  } as PlanRecord
}

test('a plan that runs or succeeded has no reason', () => {
  expect(planReason(ended(undefined, { failed: 1, running: 1 }))).toBeUndefined()
  expect(planReason(ended('succeeded', { succeeded: 2 }))).toBeUndefined()
})

test('a partial plan counts what did not succeed', () => {
  expect(planReason(ended('partial', { succeeded: 7, failed: 1, skipped: 1 }))).toEqual({
    code: 'tasks-not-succeeded',
    message: '2 of 9 tasks did not succeed: 1 failed, 1 skipped.',
  })
})

test('a plan below its minimum names the minimum before the tasks', () => {
  const plan = ended('failed', { succeeded: 1, failed: 3 }, { minSuccess: 0.5 })
  expect(planReason(plan)).toEqual({
    code: 'min-success',
    message:
      '1 of 4 tasks succeeded, and `minSuccess` asks for 2. 3 of 4 tasks did not succeed: 3 failed.',
  })
})

test('edits in conflict come before failed tasks, and a stop before both', () => {
  const editsProblem = { code: 'merge-conflict', message: 'Edits are missing.' }
  const counts = { succeeded: 1, failed: 1 }
  expect(planReason(ended('partial', counts, { editsProblem }))).toEqual({
    code: 'merge-conflict',
    message: 'Edits are missing. 1 of 2 tasks did not succeed: 1 failed.',
  })
  const stop = { code: 'plan-timeout' as const, message: 'It took too long.' }
  expect(planReason(ended('partial', counts, { editsProblem, stop }))).toMatchObject({
    code: 'plan-timeout',
    message: expect.stringMatching(/^It took too long. Edits are missing. 1 of 2/),
  })
})

test('a plan of which nothing is missing but the synthesis says so', () => {
  const plan = ended('partial', { succeeded: 2 }, { synthesis: { status: 'failed', version: 1 } })
  expect(planReason(plan)).toEqual({
    code: 'synthesis-failed',
    message: 'No synthesis could be written.',
  })
})
