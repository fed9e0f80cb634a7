import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { changePlans } from '../../../src/core/change/change-plans.ts'
import type { TaskOutput } from '../../../src/core/ports/executor.ts'
import type { AttemptEnd } from '../../../src/core/ports/task-life.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { planKey } from '../../../src/store/keys.ts'
import { echoPlan, openUseCases, type UseCases } from '../../support/use-cases.ts'

const TENANT = 'default'
let service: UseCases

beforeAll(async () => {
  service = await openUseCases(inject('redisUrl'))
})

afterAll(() => service.close())

/** Tasks by id, with those that each depends on. */
async function submit(tasks: Record<string, string[]>, rest: object = {}): Promise<string> {
  const body = echoPlan(tasks, rest)
  const submission = { tenant: TENANT, body, idempotencyKey: undefined }
  return (await submitPlan(service.submitting, submission)).record.spec.id
}

async function begin(planId: string, taskId: string): Promise<number | undefined> {
  const key = planKey(service.stores.space, planId)
  const unit = Number((await service.redis.hget(`${key}:units`, taskId)) ?? 0)
  const job = { planId, taskId, token: `${taskId}-${unit}`, unit, round: 0, delivery: 1 }
  const begun = await service.stores.life.begin(job)
  return begun.status === 'begun' ? begun.attempt : undefined
}

type End = Partial<Pick<AttemptEnd, 'status' | 'error'>> & { output?: TaskOutput }

async function run(planId: string, taskId: string, end: End = {}): Promise<void> {
  const attempt = await begin(planId, taskId)
  if (attempt === undefined) throw new Error(`${taskId} does not begin`)
  await endAttempt(planId, taskId, attempt, end)
}

async function endAttempt(planId: string, taskId: string, attempt: number, end: End = {}) {
  const key = planKey(service.stores.space, planId)
  const unit = await service.redis.hget(`${key}:units`, taskId)
  await service.stores.life.end({
    ...{ planId, taskId, attempt, token: `${taskId}-${unit}`, spends: true },
    ...{ status: 'succeeded', outcome: 'succeeded', output: { text: taskId }, ...end },
  })
}

async function runAll(planId: string, ids: string[]): Promise<void> {
  for (const id of ids) await run(planId, id)
}

const retry = (planId: string, ...tasks: string[]) =>
  changePlans(service.changing).retry(TENANT, planId, { tasks })

async function statuses(planId: string, ids: string[]) {
  const states = await service.stores.tasks.states(planId, ids)
  return states.map(({ status, attempt }) => `${status} ${attempt}`)
}

async function outputs(planId: string, ids: string[]) {
  return (await service.stores.tasks.outputs(planId, ids)).map((output) => output?.text)
}

/** Which tasks the plan's units may run now. */
async function free(planId: string, ids: string[]): Promise<string[]> {
  const key = planKey(service.stores.space, planId)
  const units = await service.redis.hmget(`${key}:units`, ...ids)
  const unheld = new Set(await service.stores.life.unheld(planId, units.map(Number)))
  const queued = await service.stores.tasks.states(planId, ids)
  return ids.filter((_, at) => unheld.has(Number(units[at])) && queued[at]?.status === 'queued')
}

const edited = (text: string, patch: string): { output: TaskOutput } => ({
  output: { text, edits: { base: 'c0', patch, files: ['a.ts'] } },
})

describe('what depends on a task that is retried', () => {
  const CHAIN = { a: [], b: ['a'], c: ['b'], d: [] }

  test('runs again when the output has changed, and stops where one has not', async () => {
    const planId = await submit(CHAIN)
    await runAll(planId, ['a', 'd', 'b', 'c'])
    await retry(planId, 'a')
    expect(await statuses(planId, ['a', 'b', 'c', 'd'])).toEqual([
      ...['queued 1', 'queued 1', 'queued 1'],
      'succeeded 1',
    ])
    await run(planId, 'a', { output: { text: 'new' } })
    expect(await free(planId, ['b', 'c'])).toEqual(['b'])
    // `b` says what it said before, so `c` has nothing to do.
    await run(planId, 'b')
    expect(await statuses(planId, ['a', 'b', 'c'])).toEqual([
      ...['succeeded 2', 'succeeded 2', 'succeeded 1'],
    ])
    expect(await outputs(planId, ['a', 'b', 'c'])).toEqual(['new', 'b', 'c'])
    const events = await service.redis.xrange(
      `${planKey(service.stores.space, planId)}:events`,
      '-',
      '+',
    )
    const told = events.map(([, fields]) => ({
      type: fields[1],
      ...JSON.parse(fields[3] ?? '{}'),
    }))
    expect(told.filter(({ taskId }) => taskId === 'c').slice(-2)).toMatchObject([
      { type: 'task.requeued', reason: 'dependency' },
      { type: 'task.finished', status: 'succeeded', attempt: 1, unchanged: true },
    ])
  })

  test('keeps its result, however it ended, when the output is the same', async () => {
    const planId = await submit({ a: [], good: ['a'], bad: ['a'], after: ['bad'] })
    await runAll(planId, ['a', 'good'])
    const error = { code: 'refused', message: 'Never.' }
    await run(planId, 'bad', { status: 'failed', error })
    const all = ['a', 'good', 'bad', 'after']
    const before = await service.stores.tasks.states(planId, all)
    await retry(planId, 'a')
    await run(planId, 'a')
    const after = await service.stores.tasks.states(planId, all)
    expect(after.slice(1, 3)).toEqual(before.slice(1, 3))
    expect(after[3]).toMatchObject({ status: 'skipped', error: { code: 'dependency-failed' } })
    expect(await outputs(planId, ['good', 'bad'])).toEqual(['good', 'bad'])
  })

  test('is skipped when the retry fails, and runs when the next one succeeds', async () => {
    const planId = await submit(CHAIN, { policy: { onFailure: 'continue' } })
    await runAll(planId, ['a', 'd', 'b', 'c'])
    await retry(planId, 'a')
    await run(planId, 'a', { status: 'failed', error: { code: 'refused', message: 'No.' } })
    expect(await statuses(planId, ['a', 'b', 'c'])).toEqual(['failed 2', 'skipped 1', 'skipped 1'])
    expect(await outputs(planId, ['b', 'c'])).toEqual([undefined, undefined])
    await retry(planId, 'a')
    await runAll(planId, ['a', 'b', 'c'])
    expect(await statuses(planId, ['b', 'c'])).toEqual(['succeeded 2', 'succeeded 2'])
  })

  test('is cancelled with its plan in the middle, and runs when it is retried', async () => {
    const planId = await submit(CHAIN)
    await runAll(planId, ['a', 'd', 'b', 'c'])
    await retry(planId, 'a')
    await changePlans(service.changing).cancel(TENANT, planId)
    const record = await service.stores.plans.get(planId)
    expect(record).toMatchObject({
      outcome: 'cancelled',
      counts: { succeeded: 1, cancelled: 1, skipped: 2 },
    })
    await changePlans(service.changing).retry(TENANT, planId, {})
    await runAll(planId, ['a', 'b', 'c'])
    expect(await statuses(planId, ['a', 'b', 'c'])).toEqual(Array(3).fill('succeeded 2'))
  })

  test('is not retried while something further down runs with an output that may change', async () => {
    const planId = await submit(CHAIN)
    await runAll(planId, ['a', 'd', 'b'])
    await begin(planId, 'c')
    await expect(retry(planId, 'a')).rejects.toMatchObject({
      code: 'task-not-finished',
      message: expect.stringContaining('The task c has not ended, and it uses the output of b'),
    })
  })

  test('runs again only because of what it sees: texts of those it depends on, edits of all before it', async () => {
    const writes = { write: ['a.ts'] }
    const tasks = [
      { id: 'a', task: 'A.', files: writes },
      { id: 'reads', task: 'Reads.', dependsOn: ['a'] },
      { id: 'writes', task: 'Writes.', dependsOn: ['reads'], files: { write: ['b.ts'] } },
      { id: 'behind', task: 'Comes after a.', files: writes },
    ]
    const body = { tasks, policy: { onOverlap: 'serialize' }, workspace: { files: { 'a.ts': '' } } }
    const ids = tasks.map(({ id }) => id)
    const { submitting } = service
    const { record } = await submitPlan(submitting, {
      ...{ tenant: TENANT, idempotencyKey: undefined },
      body: { ...body, tasks: tasks.map((task) => ({ ...task, executor: 'echo' })) },
    })
    const planId = record.spec.id
    await run(planId, 'a', edited('done', 'one'))
    await runAll(planId, ['reads', 'writes', 'behind'])

    await retry(planId, 'a')
    await run(planId, 'a', edited('done otherwise', 'one'))
    expect(await free(planId, ids)).toEqual(['reads'])
    await run(planId, 'reads')
    expect((await service.stores.plans.get(planId))?.counts.succeeded).toBe(4)

    await retry(planId, 'a')
    await run(planId, 'a', edited('done otherwise', 'two'))
    // `reads` has no folder of its own and reads the same text; `writes` finds other files.
    expect(await free(planId, ids)).toEqual(['writes', 'behind'])
  })

  test('runs again, too, if it ends while the retry is being accepted', async () => {
    const planId = await submit({ a: [], b: ['a'] })
    await run(planId, 'a')
    const attempt = await begin(planId, 'b')
    let isFirst = true
    const life: typeof service.changing.life = {
      ...service.changing.life,
      async requeue(...batch) {
        // After the tasks were read, and before the store accepts the batch.
        if (isFirst) await endAttempt(planId, 'b', attempt ?? 0)
        isFirst = false
        return service.changing.life.requeue(...batch)
      },
    }
    await changePlans({ ...service.changing, life }).retry(TENANT, planId, { tasks: ['a'] })
    expect(await statuses(planId, ['a', 'b'])).toEqual(['queued 1', 'queued 1'])
    await run(planId, 'a', { output: { text: 'new' } })
    expect(await free(planId, ['b'])).toEqual(['b'])
  })

  test('waits in slices, however many there are', async () => {
    const names = Array.from({ length: 320 }, (_, at) => `t${at}`)
    const planId = await submit({
      a: [],
      ...Object.fromEntries(names.map((name, at) => [name, [at < 160 ? 'a' : `t${at - 160}`]])),
    })
    await runAll(planId, ['a', ...names])
    await retry(planId, 'a')
    expect((await service.stores.plans.get(planId))?.counts.queued).toBe(321)
    await run(planId, 'a')
    const record = await service.stores.plans.get(planId)
    expect(record?.counts).toMatchObject({ queued: 0, succeeded: 321 })
    const key = planKey(service.stores.space, planId)
    expect(await service.redis.exists(`${key}:held`, `${key}:follow`)).toBe(0)
  })
})
