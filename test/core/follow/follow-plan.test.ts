import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { PlanEvent } from '../../../src/core/contract/api.ts'
import { followPlans } from '../../../src/core/follow/follow-plan.ts'
import type { ChangeFeed } from '../../../src/core/ports/event-log.ts'
import { changeWaiters } from '../../../src/core/read/change-waiters.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { openUseCases, type UseCases } from '../../support/use-cases.ts'

const TENANT = 'default'
const SILENT: ChangeFeed = {
  onChange: () => () => {},
  onText: () => () => {},
  onControl: () => () => {},
}

let service: UseCases

beforeAll(async () => {
  service = await openUseCases(inject('redisUrl'))
})
afterAll(() => service.close())

/** A plan that nobody runs, with prompts of this many characters. */
async function aPlan(count: number, promptChars = 10): Promise<string> {
  const tasks = Array.from({ length: count }, (_, at) => ({
    id: `t${at}`,
    prompt: 'x'.repeat(promptChars),
    executor: 'echo',
  }))
  const body = { tasks }
  const { record } = await submitPlan(service.submitting, {
    tenant: TENANT,
    body,
    idempotencyKey: undefined,
  })
  return record.spec.id
}

async function follow(planId: string, lastEventId?: string) {
  const { stores, changing } = service
  const waiting = changeWaiters(SILENT, () => performance.now())
  const events = followPlans({ ...changing, ...stores, waiting, feed: SILENT })
  const options = { lastEventId, tokens: false, taskId: undefined }
  const stop = new AbortController()
  const followed = await events.follow(TENANT, planId, { ...options, signal: stop.signal })
  return followed[Symbol.asyncIterator]()
}

type Page = Record<string, unknown>[]

/** The pages of a snapshot, which it is read by. */
async function snapshotOf(events: AsyncIterator<PlanEvent>): Promise<AsyncIterator<Page>> {
  const { value } = (await events.next()) as { value: PlanEvent }
  expect(value).toMatchObject({ type: 'snapshot', data: { plan: { status: 'queued' } } })
  const pages = value.tasks?.[Symbol.asyncIterator]()
  if (pages === undefined) throw new Error('a snapshot has tasks')
  return pages
}

const statuses = (page: Page) => new Map(page.map(({ id, status }) => [id, status]))

test('a change while a snapshot is read is reported once: in the page or after it', async () => {
  const planId = await aPlan(600)
  const events = await follow(planId)
  const pages = await snapshotOf(events)
  const first = statuses((await pages.next()).value as Page)
  await service.stores.life.cancel(planId, { tasks: ['t1', 't599'] })
  const second = statuses([
    ...((await pages.next()).value as Page),
    ...((await pages.next()).value as Page),
  ])
  expect((await pages.next()).done).toBe(true)
  expect([first.size + second.size, first.get('t1'), second.get('t599')]).toEqual([
    600,
    'queued',
    'cancelled',
  ])
  await service.stores.life.cancel(planId, { tasks: ['t598'] })
  const told: unknown[] = []
  while (told.at(-1) !== 't598') {
    const { value } = (await events.next()) as { value: PlanEvent }
    told.push(value.data['taskId'])
  }
  expect(told).toEqual(['t1', 't598'])
  await events.return?.()
})

test('a reader that resumes after any event gets all that came after it', async () => {
  const planId = await aPlan(12)
  const tasks = Array.from({ length: 12 }, (_, at) => `t${at}`)
  for (const taskId of tasks) await service.stores.life.cancel(planId, { tasks: [taskId] })
  await service.stores.life.stop(planId, 'cancelled', 'Enough.')
  const read = async (lastEventId: string) => {
    const found: PlanEvent[] = []
    const events = await follow(planId, lastEventId)
    for (let next = await events.next(); next.done !== true; next = await events.next()) {
      found.push(next.value)
    }
    return found
  }
  const all = await read('0-0')
  expect(all.map(({ type }) => type)).toEqual([
    'plan.queued',
    ...tasks.map(() => 'task.finished'),
    'plan.stopped',
    'plan.finished',
  ])
  for (const [at, { id }] of all.entries()) expect(await read(id ?? '')).toEqual(all.slice(at + 1))
})

test('a page holds as many tasks as have little to read, however long their prompts are', async () => {
  const events = await follow(await aPlan(40, 100_000))
  const pages = await snapshotOf(events)
  const sizes: number[] = []
  for (let page = await pages.next(); page.done !== true; page = await pages.next()) {
    sizes.push(page.value.length)
  }
  expect(Math.max(...sizes)).toBeLessThan(20)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40)
  await events.return?.()
})

test('a plan that is deleted while its snapshot is read cuts the stream', async () => {
  const planId = await aPlan(600)
  const events = await follow(planId)
  const pages = await snapshotOf(events)
  await pages.next()
  await service.stores.plans.delete(planId, TENANT)
  await expect(pages.next()).rejects.toMatchObject({ code: 'plan-not-found' })
})
