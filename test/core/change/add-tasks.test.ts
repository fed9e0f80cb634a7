import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { changePlans } from '../../../src/core/change/change-plans.ts'
import { enqueueRetry } from '../../../src/core/change/retry-tasks.ts'
import { sweep } from '../../../src/core/change/sweep.ts'
import { planKey } from '../../../src/store/keys.ts'
import { handRun, TENANT } from '../../support/hand-run.ts'
import { openUseCases, type UseCases } from '../../support/use-cases.ts'

let service: UseCases
let by: ReturnType<typeof handRun>

async function open(env: Record<string, string> = {}): Promise<void> {
  service = await openUseCases(inject('redisUrl'), env)
  by = handRun(service)
}

beforeEach(() => open())

afterEach(async () => {
  await service.close()
})

const task = (id: string, dependsOn: string[] = [], rest: object = {}) => ({
  ...{ id, dependsOn, executor: 'echo', prompt: `Say ${id}.` },
  ...rest,
})
const add = (planId: string, tasks: object[], idempotencyKey?: string) =>
  changePlans(service.changing).add({ tenant: TENANT, planId, body: { tasks }, idempotencyKey })

describe('tasks that are added to a plan', () => {
  test('that runs are queued after those they depend on, and appear together in one event', async () => {
    const planId = await by.submit({ a: [], b: [] })
    await by.run(planId, 'a', 0)
    const { plan } = await add(planId, [task('c', ['a']), task('d', ['b', 'c']), task('e')])
    expect(plan).toMatchObject({
      counts: { total: 5, queued: 4, succeeded: 1 },
      waves: [['a', 'b', 'e'], ['c'], ['d']],
    })
    expect(await by.statuses(planId)).toEqual({
      ...{ a: 'succeeded', b: 'queued', c: 'queued', d: 'queued', e: 'queued' },
    })
    const [event] = await by.events(planId, 'tasks.added')
    expect(event?.data).toMatchObject({
      tasks: [
        { id: 'c', wave: 2, executor: 'echo' },
        { id: 'd', wave: 3 },
        { id: 'e', wave: 1 },
      ],
      counts: { queued: 4 },
    })
    expect(await by.events(planId, 'task.requeued')).toEqual([])
    const held = await service.queue.heldUnits(0)
    // `c` is free, because what it waits for has succeeded.
    expect(held.map(({ unit }) => unit)).toEqual([2 + (await firstAdded(planId)) - 1])
    await by.run(planId, 'c', await firstAdded(planId))
    await by.run(planId, 'b', 0)
    expect(await service.queue.heldUnits(0)).toHaveLength(1)
    expect(await service.stores.life.released(planId)).toEqual([(await firstAdded(planId)) + 1])
  })

  /** The number of the first unit of the newest batch of three. */
  async function firstAdded(planId: string): Promise<number> {
    return (await service.stores.life.nextUnit(planId)) - 3
  }

  test('that has ended reopen it, and the synthesis after them ends it again', async () => {
    const planId = await by.submit({ a: [] })
    await by.run(planId, 'a', 0)
    await by.finish(planId)
    expect((await by.plan(planId)).outcome).toBe('partial')
    const unit = await service.stores.life.nextUnit(planId)
    await add(planId, [task('b', ['a'])])
    expect(await by.plan(planId)).toMatchObject({ outcome: undefined, reopened: 1 })
    await by.run(planId, 'b', unit)
    await by.finish(planId, unit)
    expect(await by.plan(planId)).toMatchObject({ outcome: 'partial', counts: { succeeded: 2 } })
  })

  test('are refused together, each wrong field by name', async () => {
    const planId = await by.submit({ a: [], b: [] })
    const wrong = [
      task('a'),
      task('c', ['nobody', 'd']),
      task('d', ['c']),
      { id: 'e', prompt: 'x', executor: 'no-such' },
    ]
    await expect(add(planId, wrong)).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [
        { pointer: '/tasks/0/id' },
        { pointer: '/tasks/1/dependsOn/0' },
        { pointer: '/tasks/1/dependsOn' },
      ],
    })
    await expect(add(planId, [task('ok'), { id: 'e', prompt: 'x', executor: 'no-such' }]))
      .rejects //
      .toMatchObject({ errors: [{ pointer: '/tasks/1/executor' }] })
    await expect(add(planId, [{ id: 'e', executor: 'echo' }])).rejects.toMatchObject({
      errors: [{ pointer: '/tasks/0/task' }],
    })
    expect((await by.plan(planId)).counts.queued).toBe(2)
  })

  test('that depend on one that failed are refused until it is retried', async () => {
    const planId = await by.submit({ a: [], b: [] })
    await by.run(planId, 'a', 0, { status: 'failed' })
    await expect(add(planId, [task('c', ['b', 'a'])])).rejects.toMatchObject({
      code: 'task-not-finished',
      errors: [{ pointer: '/tasks/0/dependsOn/1' }],
    })
    await changePlans(service.changing).retry(TENANT, planId, { tasks: ['a'] })
    await add(planId, [task('c', ['b', 'a'])])
    expect((await by.statuses(planId)).c).toBe('queued')
  })

  test('may not exceed `policy.maxTasks`', async () => {
    const planId = await by.submit({ a: [], b: [] }, { policy: { maxTasks: 3 } })
    await expect(add(planId, [task('c'), task('d')])).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/tasks', detail: 'has 2 tasks; the plan has 2, and may have 3 in all' }],
    })
    await add(planId, [task('c')])
    await expect(by.submit({ a: [], b: [] }, { policy: { maxTasks: 1 } })).rejects.toMatchObject({
      errors: [{ pointer: '/policy/maxTasks' }],
    })
  })

  test('overlap only with tasks that have not ended', async () => {
    const writes = (path: string) => ({ files: { write: [path] } })
    const rest = { workspace: { files: { 'a.ts': '', 'b.ts': '' } } }
    const tasks = [task('a', [], writes('a.ts')), task('b', [], writes('b.ts'))]
    const planId = await by.submit({}, { ...rest, tasks })
    await by.run(planId, 'a', 0)
    await expect(add(planId, [task('c', [], writes('b.ts'))])).rejects.toMatchObject({
      code: 'overlapping-tasks',
      extensions: { overlaps: [{ tasks: ['b', 'c'], files: ['b.ts'] }] },
    })
    await add(planId, [task('c', [], writes('a.ts')), task('d', ['b'], writes('b.ts'))])
    const serial = await by.submit({}, { ...rest, tasks, policy: { onOverlap: 'serialize' } })
    await add(serial, [task('c', [], writes('b.ts'))])
    const [spec] = await service.stores.tasks.specs(serial, ['c'])
    expect(spec?.waitsFor).toEqual(['b'])
  })

  test('are not taken by a plan that was stopped, nor by one without money', async () => {
    const cancelled = await by.submit({ a: [] })
    await changePlans(service.changing).cancel(TENANT, cancelled)
    await expect(add(cancelled, [task('b')])).rejects.toMatchObject({ code: 'plan-stopped' })
    const poor = await by.submit({ a: [], b: [] }, { policy: { budgetUsd: 1 } })
    const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 }
    await by.run(poor, 'a', 0, {
      ...{ status: 'succeeded', usage: { ...usage, steps: 1, costUsd: 1 } },
    })
    await expect(add(poor, [task('c')])).rejects.toMatchObject({ code: 'budget-exceeded' })
    await changePlans(service.changing).delete(TENANT, poor)
    await expect(add(poor, [task('c')])).rejects.toMatchObject({ code: 'plan-not-found' })
  })

  test('with a key are added once, and another body with that key is refused', async () => {
    const planId = await by.submit({ a: [] })
    const nameless = [{ prompt: 'x', executor: 'echo' }]
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => add(planId, nameless, 'once')),
    )
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
    expect(await by.statuses(planId)).toEqual({ a: 'queued', 'task-2': 'queued' })
    await expect(add(planId, [task('b')], 'once')).rejects.toMatchObject({
      code: 'idempotency-key-reused',
    })
    // Two tasks with a synthesis each.
    expect(await service.jobs()).toBe(3)
  })

  test('keep to the limit of the plan and to that of the tenant', async () => {
    await service.close()
    await open({ TUTTI_TENANT_MAX_RUNNING: '3' })
    const planId = await by.submit({ a: [] }, { mode: 'sequential' })
    const added = await Promise.allSettled([
      add(planId, [task('b'), task('c')]),
      add(planId, [task('d'), task('e')]),
    ])
    expect(added.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(added.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'quota-exceeded' },
    })
    expect(await service.queue.heldUnits(0)).toHaveLength(2)
    const { released } = await (await by.begin(planId, 'a', 0))({ status: 'succeeded' })
    expect(released).toEqual([1])
  })

  test('that nobody enqueued are enqueued by upkeep', async () => {
    const planId = await by.submit({ a: [] })
    const { queue } = service.changing
    service.changing.queue = {
      ...queue,
      enqueueBatch: () => Promise.reject(new Error('The process died.')),
    }
    await expect(add(planId, [task('b'), task('c', ['b'])])).rejects.toThrow('died')
    const before = await service.jobs()
    // Upkeep leaves plans of the last half minute to the process that submits them.
    await service.redis.hset(planKey(service.stores.space, planId), 'createdAt', 1)
    await sweep(service.sweeping, 1)
    expect((await service.jobs()) - before).toBe(3)
    expect(await service.stores.plans.unfinishedRetry(planId)).toBeUndefined()
    // Only `c` waits.
    expect(await service.queue.heldUnits(0)).toHaveLength(1)
  })

  test('are thousands at once, a few hundred to a script, and appear together', async () => {
    const planId = await by.submit({ a: [] })
    const many = Array.from({ length: 1_000 }, (_, at) =>
      task(`t${at}`, at === 0 ? [] : ['t0', 'a']),
    )
    await add(planId, many)
    expect((await by.plan(planId)).counts.queued).toBe(1_001)
    expect(await by.events(planId, 'tasks.added')).toHaveLength(1)
    const first = (await service.stores.life.nextUnit(planId)) - 1_000
    await by.run(planId, 'a', 0)
    await by.run(planId, 't0', first)
    await service.stores.life.settle(planId)
    expect(await service.stores.life.released(planId)).toHaveLength(999)
    expect(await service.keys()).not.toContainEqual(
      expect.stringMatching(/:(adding|requeue|staged)/),
    )
  })
})

test('an added batch that is enqueued again changes nothing', async () => {
  const planId = await by.submit({ a: [] })
  const { queue } = service.changing
  service.changing.queue = { ...queue, enqueueBatch: () => Promise.reject(new Error('Away.')) }
  await expect(add(planId, [task('b')])).rejects.toThrow('Away')
  service.changing.queue = queue
  const batch = await service.stores.plans.unfinishedRetry(planId)
  if (batch === undefined) throw new Error('no batch is recorded')
  await enqueueRetry(service.changing, await by.plan(planId), batch)
  const jobs = await service.jobs()
  await enqueueRetry(service.changing, await by.plan(planId), batch)
  expect(await service.jobs()).toBe(jobs)
})
