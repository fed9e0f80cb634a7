import { afterAll, expect, test } from 'vitest'
import type { OutputUser } from '../../src/core/ports/task-life.ts'
import { aPlan, redis, TASKS } from './plan-with-budget.ts'

afterAll(() => redis.disconnect())

const OVER = { spends: false, status: 'failed', outcome: 'failed' } as const
const DONE = { spends: false, status: 'succeeded', outcome: 'succeeded' } as const

test('a unit released before its batch is in the queue is promoted once it is', async () => {
  const { id, plans, life } = await aPlan(1, { limit: 1 })
  // Its tasks end before they have run, so that their jobs are only to be thrown away.
  expect((await life.stop(id, 'cancelled', 'Enough.')).released).toEqual([])
  expect(await life.released(id)).toEqual([])
  const marked = await plans.markEnqueued(id, 0)
  expect(marked).toEqual({ status: 'marked', released: expect.arrayContaining([1, 2, 3]) })
  await life.confirmReleased(id, [1, 2, 3])
  expect(await life.released(id)).toEqual([])
})

test('tasks that are retried together are released within the limit of the plan, and those of another retry too', async () => {
  const { id, plans, life, begin } = await aPlan(1, { limit: 1 })
  await plans.markEnqueued(id, 0)
  for (const taskId of TASKS) {
    const { token, spender } = await begin(taskId)
    await life.end({ planId: id, ...spender, token, ...OVER })
  }
  const requeue = (firstUnit: number, taskIds: string[]) =>
    life.requeue(id, {
      firstUnit,
      tasks: taskIds.map((taskId) => ({ taskId, waitsFor: [], priority: 0, lane: 'io' as const })),
    })
  await life.confirmReleased(id, await life.released(id))
  expect((await requeue(4, ['a', 'b'])).status).toBe('queued')
  expect(await life.released(id)).toEqual([])
  // One that comes late says nothing about this batch.
  expect(await plans.markEnqueued(id, 0)).toEqual({ status: 'late' })
  expect((await requeue(6, ['c'])).status).toBe('changed')
  expect(await plans.markEnqueued(id, 4)).toEqual({ status: 'marked', released: [4] })
  await life.confirmReleased(id, [4])
  expect((await requeue(6, ['c'])).status).toBe('queued')

  // The batch of the second retry is not in the queue yet.
  const { token, spender } = await begin('a', 4)
  const end = await life.end({ planId: id, ...spender, token, ...OVER })
  expect(end).toMatchObject({ status: 'recorded', released: [] })
  expect(await plans.markEnqueued(id, 6)).toEqual({ status: 'marked', released: [5] })
})

test('a task whose output another one uses is not retried until that one has ended', async () => {
  const { id, plans, life, begin } = await aPlan(1, { dependencies: { b: ['a'] } })
  await plans.markEnqueued(id, 0)
  const retry = (users: OutputUser[] = [{ taskId: 'b', uses: ['a'] }]) =>
    life.requeue(
      id,
      { firstUnit: 4, tasks: [{ taskId: 'a', waitsFor: [], priority: 0, lane: 'io' as const }] },
      { users },
    )
  const first = await begin('a')
  const { released } = await life.end({ planId: id, ...first.spender, token: first.token, ...DONE })
  await life.confirmReleased(id, released)
  expect(await retry()).toEqual({ status: 'in-use', taskId: 'a', by: 'b' })
  const second = await begin('b')
  expect(await retry()).toEqual({ status: 'in-use', taskId: 'a', by: 'b' })
  await life.end({ planId: id, ...second.spender, token: second.token, ...DONE })
  // Whoever still takes it for running has to look again: it may have to run again, too.
  expect(await retry()).toEqual({ status: 'changed' })
  expect(await retry([])).toEqual({ status: 'queued' })
})

test('a held task waits again for a dependency that is retried', async () => {
  const { id, plans, life, begin } = await aPlan(1, { dependencies: { b: ['a', 'c'] } })
  await plans.markEnqueued(id, 0)
  const run = async (taskId: string, how: typeof OVER | typeof DONE, unit?: number) => {
    const { token, spender } = await begin(taskId, unit)
    return (await life.end({ planId: id, ...spender, token, ...how })).released
  }
  await run('c', DONE)
  // With it `b` is skipped, and its job is released only to be thrown away.
  await life.confirmReleased(id, await run('a', OVER))
  const retry = async (
    firstUnit: number,
    tasks: Record<string, string[]>,
    users: OutputUser[] = [],
  ) => {
    const batch = Object.entries(tasks).map(([taskId, waitsFor]) => ({
      taskId,
      waitsFor,
      priority: 0,
      lane: 'io' as const,
    }))
    const requeued = await life.requeue(id, { firstUnit, tasks: batch }, { users })
    expect(requeued.status).toBe('queued')
    expect(await plans.markEnqueued(id, firstUnit)).toEqual({ status: 'marked', released: [] })
  }
  await retry(4, { a: [], b: ['a', 'c'] })
  await retry(6, { c: [] }, [{ taskId: 'b', uses: ['c'] }])
  // The first job, which may still be in the queue, runs nothing of a later one.
  await expect(begin('c')).rejects.toThrow('c is ended')
  expect(await run('c', DONE, 6)).toEqual([])
  expect(await run('a', DONE, 4)).toEqual([5])
})
