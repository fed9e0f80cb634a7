import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { TaskSummary } from '../../../src/client/index.ts'
import { describeWaiting } from '../../../src/client/waiting.ts'
import type { TaskCounts } from '../../../src/core/contract/status.ts'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import { type PlanRecord, untouchedTask } from '../../../src/core/ports/records.ts'
import { readTasks } from '../../../src/core/read/read-tasks.ts'
import { type Standing, waitingFor } from '../../../src/core/read/waiting-for.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { echoPlan, openUseCases, type UseCases } from '../../support/use-cases.ts'

/** Of what the service works out, as a client reads it. */
const words = (reasons: unknown) => describeWaiting(reasons as TaskSummary['waitingFor'])

const worker = { executors: ['model'] } as Standing['workers'][number]
const held = { key: 'local:m', heldUntil: '2026-01-01T00:00:30.000Z', concurrency: 4 }

async function reasonsOf(
  given: { running?: number; maxConcurrency?: number; sequential?: boolean; retryAt?: number },
  standing: Partial<Standing> = {},
) {
  const record = {
    spec: {
      id: 'p',
      mode: given.sequential ? 'sequential' : 'parallel',
      policy: { maxConcurrency: given.maxConcurrency },
    },
    counts: { running: given.running ?? 0 } as TaskCounts,
  } as PlanRecord
  const spec = { id: 'a', executor: 'model' } as TaskSpec
  const state = { ...untouchedTask(0), retryAt: given.retryAt }
  const deps = {
    tasks: { states: async () => [] },
    standing: async () => ({
      workers: [worker],
      providers: [],
      modelOf: () => 'local:m',
      ...standing,
    }),
  }
  return (await waitingFor(deps, record, [{ spec, state }])).get('a')
}

describe('a queued task waits for', () => {
  test('the limit of its plan, where as many run as it allows', async () => {
    expect(await reasonsOf({ running: 2, maxConcurrency: 2 })).toEqual([
      { kind: 'limit', running: 2, maxConcurrency: 2 },
    ])
    expect(await reasonsOf({ running: 1, sequential: true })).toEqual([
      { kind: 'limit', running: 1, maxConcurrency: 1 },
    ])
  })

  test('a worker, if no live one has its executor', async () => {
    const reasons = await reasonsOf({}, { workers: [{ ...worker, executors: ['echo'] }] })
    expect(reasons).toEqual([{ kind: 'worker', executor: 'model' }])
    expect(words(reasons)).toBe('a worker with the executor model; none is alive')
  })

  test('the provider of its model, and until when', async () => {
    expect(await reasonsOf({}, { providers: [held] })).toEqual([
      { kind: 'provider', model: 'local:m', until: held.heldUntil },
    ])
  })

  test('a slot otherwise, or its next attempt', async () => {
    const others = [{ ...held, key: 'local:other' }]
    expect(await reasonsOf({ running: 1, maxConcurrency: 2 }, { providers: others })).toEqual([
      { kind: 'slot', workers: 1 },
    ])
    const notBefore = '2026-01-01T00:00:09.000Z'
    const reasons = await reasonsOf({ retryAt: Date.parse(notBefore) })
    expect(reasons).toEqual([{ kind: 'slot', workers: 1, notBefore }])
    expect(words(reasons)).toBe('its next attempt, at 00:00:09 UTC')
  })
})

describe('where no worker is alive', () => {
  let service: UseCases
  beforeAll(async () => {
    service = await openUseCases(inject('redisUrl'))
  })
  afterAll(() => service.close())

  test('every task says what it waits for, alone and on the list', async () => {
    const body = echoPlan({ a: [], b: ['a'] })
    const submission = { tenant: 'default', body, idempotencyKey: undefined }
    const { record } = await submitPlan(service.submitting, submission)
    const planId = record.spec.id
    const tasks = readTasks(service.changing)
    const { items } = await tasks.list({
      tenant: 'default',
      planId,
      status: undefined,
      limit: 10,
      cursor: undefined,
    })
    expect(items.map(({ waitingFor: reasons }) => reasons)).toEqual([
      [{ kind: 'worker', executor: 'echo' }],
      [{ kind: 'dependency', taskId: 'a', status: 'queued' }],
    ])
    const b = await tasks.get('default', planId, 'b')
    expect(words(b.waitingFor)).toBe('a (queued)')
  })
})
