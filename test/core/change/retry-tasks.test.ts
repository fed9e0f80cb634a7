import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { changePlans } from '../../../src/core/change/change-plans.ts'
import { changeTasks } from '../../../src/core/change/change-tasks.ts'
import { enqueueRetry } from '../../../src/core/change/retry-tasks.ts'
import { sweep, sweepHeld } from '../../../src/core/change/sweep.ts'
import type { Pieces } from '../../../src/core/contract/api.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import type { OutputTask } from '../../../src/core/contract/views.ts'
import { readTasks } from '../../../src/core/read/read-tasks.ts'
import { readJson } from '../../support/exporting.ts'
import { handRun, TENANT } from '../../support/hand-run.ts'
import { openUseCases, type UseCases } from '../../support/use-cases.ts'

let service: UseCases
let hand: ReturnType<typeof handRun>
const submit: typeof hand.submit = (...of) => hand.submit(...of)
const begin: typeof hand.begin = (...of) => hand.begin(...of)
const run: typeof hand.run = (...of) => hand.run(...of)
const finish: typeof hand.finish = (...of) => hand.finish(...of)
const plan: typeof hand.plan = (...of) => hand.plan(...of)

async function open(env: Record<string, string> = {}): Promise<void> {
  service = await openUseCases(inject('redisUrl'), env)
  hand = handRun(service)
}

beforeEach(() => open())

afterEach(async () => {
  await service.close()
})

const retry = (planId: string, taskId: string) =>
  changeTasks(service.changing).retry(TENANT, planId, taskId)
const resume = (planId: string, budgetUsd: number) =>
  changePlans(service.changing).resume(TENANT, planId, budgetUsd)
const costs = (costUsd: number) => ({ usage: { ...NO_USAGE, steps: 1, costUsd } })
const FAILED = { status: 'failed' } as const

describe('a budget', () => {
  test('that is used up by the last task is raised by resume, and then the task is retried', async () => {
    const planId = await submit({ a: [] }, { policy: { budgetUsd: 1 } })
    await run(planId, 'a', 0, { ...FAILED, ...costs(1) })
    await finish(planId)
    await expect(retry(planId, 'a')).rejects.toMatchObject({ code: 'budget-exceeded' })
    await expect(resume(planId, 1)).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/budgetUsd', detail: 'must be more than the 1 already spent' }],
    })
    expect((await plan(planId)).budgetUsd).toBe(1)
    await resume(planId, 2)
    expect(await plan(planId)).toMatchObject({ budgetUsd: 2, outcome: 'partial' })
    await retry(planId, 'a')
    expect(await plan(planId)).toMatchObject({ counts: { queued: 1 }, outcome: undefined })
  })

  test('that stopped a task which waits for one that failed is raised all the same, and that one brings it along', async () => {
    const planId = await submit(
      { spends: [], fails: [], after: ['fails'] },
      { policy: { budgetUsd: 1 } },
    )
    const end = await begin(planId, 'fails', 1)
    await run(planId, 'spends', 0, { status: 'succeeded', ...costs(1) })
    expect((await plan(planId)).stop?.code).toBe('budget-exhausted')
    await end({ ...FAILED })
    await finish(planId)
    await resume(planId, 5)
    expect(await plan(planId)).toMatchObject({ budgetUsd: 5, stop: undefined })
    await retry(planId, 'fails')
    expect((await plan(planId)).counts).toMatchObject({ queued: 2, succeeded: 1 })
  })

  test('that is used up does not keep a plan from being cancelled while a task of it runs', async () => {
    const planId = await submit({ spends: [], runs: [], waits: [] }, { policy: { budgetUsd: 1 } })
    const end = await begin(planId, 'runs', 0)
    await run(planId, 'spends', 0, { status: 'succeeded', ...costs(1) })
    await changePlans(service.changing).cancel(TENANT, planId)
    await end({ status: 'cancelled', outcome: 'cancelled' })
    expect(await plan(planId)).toMatchObject({
      stop: { code: 'cancelled' },
      outcome: 'cancelled',
      counts: { succeeded: 1, skipped: 1, cancelled: 1 },
    })
  })
})

test('of several retries of one task at the same moment one is accepted', async () => {
  const planId = await submit({ a: [], b: ['a'] })
  await run(planId, 'a', 0, FAILED)
  await finish(planId)
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => retry(planId, 'a')))
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  expect(refused).toHaveLength(4)
  for (const reason of refused) expect(reason).toMatchObject({ code: 'task-not-finished' })
  // Two tasks and a synthesis, twice.
  expect(await service.jobs()).toBe(6)
})

describe('several tasks in one go', () => {
  const { retry: retryAll, cancel } = {
    retry: (planId: string, tasks: object) =>
      changePlans(service.changing).retry(TENANT, planId, tasks),
    cancel: (planId: string, tasks: object) =>
      changePlans(service.changing).cancel(TENANT, planId, tasks),
  }
  const statuses = async (planId: string) => {
    const states = await service.stores.tasks.states(planId, ['a', 'b', 'c', 'd'])
    return states.map(({ status }) => status)
  }

  test('are retried as one batch, with those that were skipped because of them', async () => {
    const planId = await submit({ a: [], b: [], c: ['a'], d: [] })
    await run(planId, 'a', 0, FAILED)
    await run(planId, 'b', 1, FAILED)
    await run(planId, 'd', 3)
    await finish(planId)
    await retryAll(planId, { status: ['failed'] })
    expect(await statuses(planId)).toEqual(['queued', 'queued', 'queued', 'succeeded'])
    expect(await service.stores.life.nextUnit(planId)).toBe(7)
  })

  test('are retried all or none, and what is wrong is named', async () => {
    const planId = await submit({ a: [], b: [], c: ['a'], d: [] })
    await run(planId, 'a', 0, FAILED)
    await run(planId, 'b', 1, FAILED)
    const before = await statuses(planId)
    await expect(retryAll(planId, { tasks: ['a', 'nobody'] })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/tasks/1' }],
    })
    await expect(retryAll(planId, { tasks: ['a', 'd'] })).rejects.toMatchObject({
      code: 'task-not-finished',
    })
    await expect(retryAll(planId, { status: ['cancelled'] })).rejects.toMatchObject({
      code: 'task-not-finished',
    })
    expect(await statuses(planId)).toEqual(before)
    await retryAll(planId, {})
    expect(await statuses(planId)).toEqual(['queued', 'queued', 'queued', 'queued'])
  })

  test('are cancelled all or none, and the rest of the plan continues', async () => {
    const planId = await submit({ a: [], b: [], c: ['a'], d: [] })
    await run(planId, 'b', 1)
    await expect(cancel(planId, { tasks: ['a', 'nobody'] })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/tasks/1' }],
    })
    await expect(cancel(planId, { tasks: ['a', 'b'] })).rejects.toMatchObject({
      code: 'task-finished',
    })
    expect(await statuses(planId)).toEqual(['queued', 'succeeded', 'queued', 'queued'])
    await cancel(planId, { tasks: ['a', 'b'], status: ['queued'] })
    expect(await statuses(planId)).toEqual(['cancelled', 'succeeded', 'skipped', 'queued'])
    await expect(cancel(planId, { status: ['running'] })).rejects.toMatchObject({
      code: 'task-finished',
    })
  })
})

describe('a timeout', () => {
  const due = async () => {
    const key = (await service.keys()).find((name) => name.endsWith(':deadlines'))
    return key === undefined ? [] : service.redis.zrange(key, '0', '-1')
  }

  test('is given again to a plan that timed out and is retried', async () => {
    const planId = await submit({ a: [] }, { policy: { timeoutMs: 1_000 } })
    await expect
      .poll(
        async () => {
          await sweep(service.sweeping, 1)
          return (await plan(planId)).stop?.code
        },
        { timeout: 60_000 },
      )
      .toBe('plan-timeout')
    expect(await due()).toEqual([])
    await retry(planId, 'a')
    expect(await due()).toEqual([planId])
    // A sweeper that had found the plan overdue before it was retried does not stop it.
    expect(await service.stores.life.stop(planId, 'plan-timeout', 'Late.')).toMatchObject({
      status: 'not-due',
    })
    await expect
      .poll(
        async () => {
          await sweep(service.sweeping, 1)
          return (await plan(planId)).stop?.code
        },
        { timeout: 60_000 },
      )
      .toBe('plan-timeout')
  })
})

test('parallel retries of several plans do not exceed the limit of their tenant together', async () => {
  await service.close()
  await open({ TUTTI_TENANT_MAX_RUNNING: '3' })
  const ids: string[] = []
  for (let at = 0; at < 6; at += 1) {
    const planId = await submit({ a: [] })
    await run(planId, 'a', 0, FAILED)
    await finish(planId)
    ids.push(planId)
  }
  const answers = await Promise.allSettled(ids.map((planId) => retry(planId, 'a')))
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
  const plans = await Promise.all(ids.map(plan))
  expect(plans.reduce((sum, { counts }) => sum + counts.queued, 0)).toBe(3)
})

test('a retry that is enqueued again after it has run leaves no job that waits', async () => {
  const planId = await submit({ a: [], b: ['a'] }, { mode: 'sequential' })
  await run(planId, 'a', 0, FAILED)
  await finish(planId)
  const stale = {
    firstUnit: 2,
    tasks: [
      { taskId: 'a', waitsFor: [], priority: 0, lane: 'io' as const },
      { taskId: 'b', waitsFor: ['a'], priority: 0, lane: 'io' as const },
    ],
  }
  await retry(planId, 'a')
  await run(planId, 'a', 2)
  await run(planId, 'b', 3)
  await finish(planId, 2)
  await sweepHeld(service.sweeping)
  for (const { queue } of service.queue.queues) await queue.obliterate({ force: true })
  await enqueueRetry(service.sweeping, await plan(planId), stale)
  expect(await service.queue.heldUnits(0)).toEqual([])
})

test('outputs are read to the end without one missing or doubled while tasks are retried', async () => {
  const ids = Array.from({ length: 230 }, (_, at) => `t${at}`)
  const planId = await submit(Object.fromEntries(ids.map((id) => [id, []])))
  const unitOf = async (taskId: string) => {
    const at = ids.indexOf(taskId)
    return Math.floor(at / (await plan(planId)).spec.units.size)
  }
  for (const id of ids) await run(planId, id, await unitOf(id))
  const reader = readTasks(service.changing).outputs(TENANT, planId)[Symbol.asyncIterator]()
  const idOf = async (line: Pieces) => (await readJson<OutputTask>(line)).id
  const read: string[] = []
  for (let count = 0; count < 100; count += 1) read.push(await idOf((await reader.next()).value))
  // Those read first go from the list, and come back at its end.
  for (const id of ids.slice(0, 60)) {
    const unit = await service.stores.life.nextUnit(planId)
    await retry(planId, id)
    await run(planId, id, unit)
  }
  for (let next = await reader.next(); next.done !== true; next = await reader.next()) {
    read.push(await idOf(next.value))
  }
  expect(read.toSorted()).toEqual(ids.toSorted())
})

describe('a retry of more tasks than one script queues', () => {
  const ids = Array.from({ length: 400 }, (_, at) => `t${at}`)
  // Each but the first waits for the one after it, or for the last: the order of the plan is not that of its work.
  const graph = Object.fromEntries(
    ids.map((id, at) => [id, at === 399 ? ['slow'] : at % 2 === 0 ? [`t${at + 1}`] : []]),
  )

  /** All cancelled but `slow`, which runs, and `free`, which is held until it ends. */
  async function cancelled() {
    const planId = await submit({ slow: [], ...graph, uses: ['t1', 'slow'] })
    await service.stores.plans.markEnqueued(planId, 0)
    const end = await begin(planId, 'slow', 0)
    await run(planId, 't1', 2)
    await changePlans(service.changing).cancel(TENANT, planId, {
      tasks: ids.filter((id) => id !== 't1'),
    })
    return { planId, end }
  }
  const retryAll = (planId: string) =>
    changePlans(service.changing).retry(TENANT, planId, { tasks: ids })
  const statusesOf = async (planId: string, of = ids) =>
    (await service.stores.tasks.states(planId, of)).map(({ status }) => status)
  const isQueued = (status: string) => status === 'queued'

  /** Kills the process after this many more scripts of this retry. */
  function dieAfter(scripts: number) {
    const commands = service.redis as unknown as Record<string, (...args: unknown[]) => unknown>
    const settle = commands['tutti:settle-tasks']
    let left = scripts
    commands['tutti:settle-tasks'] = (...args) => {
      if (left === 0) return Promise.reject(new Error('the process is gone'))
      left -= 1
      return settle?.apply(service.redis, args)
    }
    return () => {
      if (settle !== undefined) commands['tutti:settle-tasks'] = settle
    }
  }

  test('is taken up by the sweep after its process has died in the middle', async () => {
    const { planId, end } = await cancelled()
    const revive = dieAfter(1)
    await expect(retryAll(planId)).rejects.toThrow('the process is gone')
    const some = (await statusesOf(planId)).filter(isQueued).length
    expect(some).toBeGreaterThan(0)
    expect(some).toBeLessThan(ids.length)
    const { counts } = await plan(planId)
    expect(counts.queued).toBe(some + 1)
    // What it waits for ends meanwhile.
    await end({ status: 'succeeded' })
    revive()
    await service.redis.hset(
      (await service.keys()).find((key) => key.endsWith(planId)) ?? '',
      'createdAt',
      1,
    )
    await expect
      .poll(
        async () => {
          await sweep(service.sweeping, 1)
          return service.stores.plans.unfinishedRetry(planId)
        },
        { timeout: 30_000 },
      )
      .toBeUndefined()
    expect((await statusesOf(planId)).every(isQueued)).toBe(true)
    // Nothing waits for `slow` any more, and all that depends on one of them waits again.
    const unitOf = (id: string) => 402 + ids.indexOf(id)
    const units = [401, ...['t0', 't1', 't398', 't399'].map(unitOf)]
    expect(await service.stores.life.unheld(planId, units)).toEqual(['t1', 't399'].map(unitOf))
    await run(planId, 't399', unitOf('t399'))
    expect(await service.stores.life.unheld(planId, units)).toContain(unitOf('t398'))
  })

  test('comes before a cancel that is asked for in the middle of it, which cancels all of it', async () => {
    const { planId, end } = await cancelled()
    const revive = dieAfter(0)
    await expect(retryAll(planId)).rejects.toThrow('the process is gone')
    revive()
    await changePlans(service.changing).cancel(TENANT, planId)
    await end({ status: 'cancelled', outcome: 'cancelled' })
    expect(await plan(planId)).toMatchObject({
      outcome: 'cancelled',
      // `uses` is skipped because of one of them.
      counts: { queued: 0, running: 0, succeeded: 0, cancelled: 401, skipped: 1 },
    })
  })

  test('leaves nothing waiting for a task that fails in the middle of it', async () => {
    const { planId, end } = await cancelled()
    const revive = dieAfter(0)
    await expect(retryAll(planId)).rejects.toThrow('the process is gone')
    await end(FAILED)
    revive()
    await service.stores.life.settle(planId)
    // `uses` waits for the one that was retried as well as for the one that failed.
    expect(await statusesOf(planId, ['t398', 't399', 'uses', 't0'])).toEqual([
      'skipped',
      'skipped',
      'skipped',
      'queued',
    ])
  })

  test('is refused while another task uses an output of it, and changes nothing', async () => {
    const { planId, end } = await cancelled()
    await end({ status: 'succeeded' })
    await begin(planId, 'uses', 401)
    const before = await plan(planId)
    await expect(retryAll(planId)).rejects.toMatchObject({
      code: 'task-not-finished',
      message: expect.stringContaining('uses'),
    })
    expect(await plan(planId)).toEqual(before)
  })
})

test('a retry of more tasks than one transaction takes is enqueued as a whole before any of it can run', async () => {
  const names = Array.from({ length: 450 }, (_, at) => `t${at}`)
  const planId = await submit(Object.fromEntries(names.map((name) => [name, []])))
  await changePlans(service.changing).cancel(TENANT, planId)
  for (const { queue } of service.queue.queues) await queue.obliterate({ force: true })
  const free = async () => {
    const all = service.queue.queues.map(({ queue }) =>
      queue.getJobCounts('prioritized', 'delayed'),
    )
    const found = await Promise.all(all)
    return found.reduce((sum, { prioritized = 0 }) => sum + prioritized, 0)
  }
  const { plans } = service.changing
  let freeAtMark: number | undefined
  const markEnqueued: typeof plans.markEnqueued = async (...mark) => {
    freeAtMark = await free()
    return plans.markEnqueued(...mark)
  }
  const changing = { ...service.changing, plans: { ...plans, markEnqueued } }
  await changePlans(changing).retry(TENANT, planId, {})
  expect([freeAtMark, await free()]).toEqual([0, 450])
  expect(await service.stores.life.released(planId)).toEqual([])
})
