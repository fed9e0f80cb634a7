import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Tutti, tutti } from '../../src/client/index.ts'
import { STEP } from '../../src/http/openapi/example-steps.ts'
import { type FakeService, startFakeService } from '../support/fake-service.ts'

const PLAN = {
  title: 'Two tasks',
  tasks: [
    { id: 'a', prompt: 'A' },
    { id: 'b', prompt: 'B' },
  ],
}

let service: FakeService
let client: Tutti
beforeEach(async () => {
  service = await startFakeService()
  client = tutti({ baseUrl: service.url })
})
afterEach(() => service.close())

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('plans', () => {
  test('a dry run stores nothing', async () => {
    const dryRun = await client.plans.submit(PLAN, { dryRun: true })
    expect(dryRun.waves).toEqual([['a', 'b']])
    expect(service.plans.size).toBe(0)
    expect(service.requests[0]?.path).toBe('/v1/plans?dryRun=true')
  })

  test('a submission may wait for its end', async () => {
    service.autorun = true
    const plan = await client.plans.submit(PLAN, { waitMs: 1_500, idempotencyKey: 'mine' })
    expect(plan.status).toBe('succeeded')
    expect(service.requests[0]?.headers).toMatchObject({
      prefer: 'wait=2',
      'idempotency-key': 'mine',
    })
  })

  test('are listed over all pages, a page at a time', async () => {
    for (let i = 0; i < 5; i++) await client.plans.submit(PLAN)
    service.newest().cancel()
    const ids = (await all(client.plans.list({ limit: 2 }))).map(({ id }) => id)
    expect(ids).toEqual(['plan-5', 'plan-4', 'plan-3', 'plan-2', 'plan-1'])
    expect(await all(client.plans.list({ status: 'cancelled' }))).toHaveLength(1)

    const asked = service.requests.length
    for await (const plan of client.plans.list({ limit: 2 })) if (plan.id === 'plan-5') break
    expect(service.requests).toHaveLength(asked + 1)
  })

  test('waiting ends when the plan does', async () => {
    await client.plans.submit(PLAN)
    const waiting = client.plans.wait('plan-1')
    service.newest().run()
    expect(await waiting).toMatchObject({ status: 'succeeded' })
  })

  test('waiting continues through an outage', async () => {
    await client.plans.submit(PLAN)
    service.fail('GET', { cut: 'request' }, { answer: 503, headers: { 'retry-after': '0' } })
    const waiting = client.plans.wait('plan-1')
    service.newest().run()
    expect(await waiting).toMatchObject({ status: 'succeeded' })
  })

  test('waiting fails when the time is up', async () => {
    await client.plans.submit(PLAN)
    await expect(client.plans.wait('plan-1', { waitMs: 50 })).rejects.toMatchObject({
      code: 'timeout',
    })
  })

  test('are cancelled, resumed, reported on and shown as todos', async () => {
    const { plans } = client
    await plans.submit(PLAN)
    service.newest().start('a')
    expect((await plans.todos('plan-1')).todos.map(({ status }) => status)).toEqual([
      'in_progress',
      'pending',
      'pending',
    ])
    expect(await plans.resume('plan-1', 2.5)).toMatchObject({ id: 'plan-1' })
    expect(service.requests.at(-1)).toMatchObject({
      path: '/v1/plans/plan-1/resume',
      body: { budgetUsd: 2.5 },
    })
    expect(await plans.cancel('plan-1')).toMatchObject({ status: 'cancelled' })
    expect(await plans.report('plan-1')).toMatchObject({ speedup: 2 })
  })
})

describe('tasks', () => {
  beforeEach(async () => {
    await client.plans.submit(PLAN)
  })

  test('are listed and read', async () => {
    service.newest().start('b')
    expect((await all(client.tasks.list('plan-1', { limit: 1 }))).map(({ id }) => id)).toEqual([
      'a',
      'b',
    ])
    expect(await all(client.tasks.list('plan-1', { status: 'running' }))).toMatchObject([
      { id: 'b' },
    ])
    expect(await client.tasks.get('plan-1', 'b')).toMatchObject({ prompt: 'B', status: 'running' })
  })

  test('an output is waited for', async () => {
    const waiting = client.tasks.output('plan-1', 'a')
    service.newest().start('a')
    service.newest().finish('a')
    expect(await waiting).toMatchObject({
      retrievalStatus: 'success',
      task: { output: 'Output of a' },
    })
  })

  test('an output that is not there in time, or was not waited for, says so', async () => {
    expect(await client.tasks.output('plan-1', 'a', { timeoutMs: 50 })).toMatchObject({
      retrievalStatus: 'timeout',
    })
    expect(await client.tasks.output('plan-1', 'a', { block: false })).toMatchObject({
      retrievalStatus: 'not_ready',
    })
  })

  test('outputs come as they were stored, once each, though the stream is cut off', async () => {
    const plan = service.newest()
    plan.finish('b', 'succeeded', 'B'.repeat(300_000))
    plan.finish('a', 'succeeded', 'Ä\r\n'.repeat(1_000))
    service.fail('GET', { cutAfterBytes: 100 }, { cutAfterBytes: 300_500 })
    const outputs = await all(client.tasks.outputs('plan-1'))
    expect(outputs.map(({ id, output }) => [id, output.length])).toEqual([
      ['b', 300_000],
      ['a', 3_000],
    ])
  })

  test('are cancelled and retried, several in one go', async () => {
    await client.plans.cancel('plan-1', { status: ['queued'] })
    expect(await client.tasks.get('plan-1', 'a')).toMatchObject({ status: 'cancelled' })
    await client.plans.retry('plan-1', { tasks: ['a'], status: ['cancelled'] })
    expect(await client.tasks.get('plan-1', 'a')).toMatchObject({ status: 'queued' })
  })

  test('are cancelled and retried', async () => {
    expect(await client.tasks.cancel('plan-1', 'a')).toMatchObject({ status: 'cancelled' })
    expect(await client.tasks.retry('plan-1', 'a')).toMatchObject({ status: 'queued' })
    await expect(client.tasks.retry('plan-1', 'a')).rejects.toMatchObject({
      code: 'task-not-finished',
    })
  })
})

test('the steps of a task are listed over all pages, and read one by one', async () => {
  await client.plans.submit(PLAN)
  service.newest().steps.set('a', [STEP, { ...STEP, number: 2 }])
  const steps = await all(client.tasks.steps('plan-1', 'a', { limit: 1 }))
  expect(steps.map(({ number }) => number)).toEqual([1, 2])
  expect(await client.tasks.step('plan-1', 'a', 2)).toMatchObject({ number: 2 })
})

describe('syntheses', () => {
  beforeEach(async () => {
    await client.plans.submit(PLAN)
  })

  test('the newest is waited for', async () => {
    await expect(client.syntheses.newest('plan-1')).rejects.toMatchObject({
      code: 'synthesis-not-ready',
      status: 409,
    })
    const waiting = client.syntheses.newest('plan-1', { waitMs: 10_000 })
    service.newest().synthesize()
    expect(await waiting).toMatchObject({ version: 1 })
  })

  test('another version is asked for and waited for; all stay readable', async () => {
    service.newest().synthesize()
    const { version } = await client.syntheses.create('plan-1', { instructions: 'Be brief.' })
    expect(await client.syntheses.wait('plan-1', version)).toMatchObject({
      version: 2,
      summary: expect.stringContaining('Be brief.'),
    })
    expect((await client.syntheses.all('plan-1')).map((each) => each.version)).toEqual([1, 2])
    expect(await client.syntheses.get('plan-1', 1)).toMatchObject({ version: 1 })
    await expect(client.syntheses.wait('plan-1', 3, { waitMs: 50 })).rejects.toMatchObject({
      code: 'timeout',
    })
  })
})
