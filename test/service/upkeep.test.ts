import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tutti } from '../../src/client/index.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { call, echoTask, type Service, startService } from '../support/service.ts'

interface PlanView {
  id: string
  status: string
  counts: Record<string, number>
}

let server: RedisServer
let redis: Redis
let service: Service

beforeEach(async () => {
  server = await startRedisServer()
  redis = new Redis(server.url)
})

afterEach(async () => {
  await service.stop()
  redis.disconnect()
  await server.stop()
})

async function start(workers: number, env: Record<string, string> = {}): Promise<void> {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  service = await startService({ redisUrl: server.url, prefix, workers, env })
}

async function submit(body: object, wait = false): Promise<PlanView> {
  const headers: Record<string, string> = wait ? { prefer: 'wait=60' } : {}
  const answer = await call<PlanView>(`${service.url}/v1/plans`, 'POST', body, headers)
  expect([200, 202]).toContain(answer.status)
  return answer.body
}

const many = (count: number, options: object = {}) =>
  Array.from({ length: count }, (_, at) => echoTask(`t${at}`, { ...options }))

/** Keys that name the plan. */
const keysOf = (planId: string) => redis.keys(`*${planId}*`)

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    // The condition asks Redis or the service, which takes its time.
  }
}

describe('what a plan costs in Redis', () => {
  test('1,000 tasks with 100 KB of shared context take less than 10 MB before they run', async () => {
    await start(0)
    const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
    const before = await used()
    const plan = await submit({
      context: 'c'.repeat(100_000),
      tasks: Array.from({ length: 1_000 }, (_, at) => ({
        id: `t${at}`,
        role: 'Reviewer',
        task: `Review part ${at}. `.repeat(20),
        focusAreas: ['errors', 'limits'],
        executor: 'echo',
      })),
    })
    expect(plan.counts.queued).toBe(1_000)
    expect((await used()) - before).toBeLessThan(10_000_000)
  })

  test('nothing is stored for a submission that is refused', async () => {
    await start(0)
    // Turns of the upkeep come and go, and queues say what they are when they are first opened.
    const stored = async () =>
      (await redis.keys('*')).filter((key) => !/:(?:upkeep|meta)$/.test(key))
    const before = await stored()
    const bad = [
      {},
      { tasks: [] },
      { tasks: [echoTask('a'), echoTask('a')] },
      { tasks: [{ ...echoTask('a'), dependsOn: ['a'] }] },
      { tasks: [{ ...echoTask('a'), options: { delayMs: -1 } }] },
      { tasks: [echoTask('a')], workspace: { path: '/etc' } },
      { tasks: [echoTask('a')], unknown: true },
    ]
    for (const body of bad) {
      const answer = await call<{ errors: { pointer: string }[] }>(
        `${service.url}/v1/plans`,
        'POST',
        body,
      )
      expect(answer.status).toBe(400)
      expect(answer.body.errors.length).toBeGreaterThan(0)
    }
    expect((await stored()).toSorted()).toEqual(before.toSorted())
  })
})

describe('the end of a plan', () => {
  test('a finished plan expires with everything that belongs to it', async () => {
    await start(1, { TUTTI_RETENTION_MS: '1000' })
    const plan = await submit(
      { tasks: [...many(5), echoTask('z', {}, { dependsOn: ['t0'] })] },
      true,
    )
    expect(plan.status).toBe('succeeded')
    expect((await keysOf(plan.id)).length).toBeGreaterThan(0)
    await until(async () => (await keysOf(plan.id)).length === 0)
    expect((await call(`${service.url}/v1/plans/${plan.id}`)).status).toBe(404)
    const { body } = await call<{ items: unknown[] }>(`${service.url}/v1/plans`)
    expect(body.items).toEqual([])
  })

  test('a plan of 10,000 tasks is deleted while others are answered, and no key is left', async () => {
    await start(0)
    const plan = await submit({ tasks: many(10_000) })
    const deleted = call(`${service.url}/v1/plans/${plan.id}`, 'DELETE')
    const other = await submit({ tasks: many(5) })
    expect((await deleted).status).toBe(204)
    expect(await keysOf(plan.id)).toEqual([])
    expect((await keysOf(other.id)).length).toBeGreaterThan(0)
  })

  test('a plan that is deleted while it runs stops at once, and leaves no key', async () => {
    await start(2)
    const plan = await submit({ tasks: many(500, { hang: true }) })
    const runningNow = async () => {
      const { body } = await call<{ workers: { running: number }[] }>(`${service.url}/v1/workers`)
      return body.workers.reduce((sum, { running }) => sum + running, 0)
    }
    await expect.poll(runningNow, { timeout: 20_000 }).toBeGreaterThan(100)
    expect((await call(`${service.url}/v1/plans/${plan.id}`, 'DELETE')).status).toBe(204)
    await expect.poll(runningNow, { timeout: 20_000 }).toBe(0)
    await expect.poll(() => keysOf(plan.id), { timeout: 20_000 }).toEqual([])
  })

  test('a plan of tasks that wait for each other is deleted with its held jobs', async () => {
    await start(0)
    const plan = await submit({
      tasks: many(300).map((task, at) =>
        at === 0 ? task : { ...task, dependsOn: [`t${at - 1}`] },
      ),
    })
    expect((await call(`${service.url}/v1/plans/${plan.id}`, 'DELETE')).status).toBe(204)
    expect(await keysOf(plan.id)).toEqual([])
  })

  test('a plan that no worker has touched is cancelled immediately', async () => {
    await start(0)
    const plan = await submit({ tasks: many(3) })
    const { status, body } = await call<PlanView>(
      `${service.url}/v1/plans/${plan.id}/cancel`,
      'POST',
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'cancelled', counts: { cancelled: 3 } })
  })

  test('a plan that takes longer than its timeoutMs is stopped, and what it has is synthesized', async () => {
    await start(1)
    const plan = await submit(
      { tasks: [echoTask('a'), echoTask('b', { hang: true })], policy: { timeoutMs: 500 } },
      true,
    )
    expect(plan).toMatchObject({ status: 'partial', counts: { succeeded: 1, cancelled: 1 } })
    expect(plan).toMatchObject({ stopped: { code: 'plan-timeout' }, synthesis: { version: 1 } })
  })
})

test('a stream resumed at every event is the same as an unbroken one, even after an API restart', async () => {
  await start(1)
  const plan = await submit({
    tasks: [
      ...many(6, { delayMs: 100 }),
      echoTask('again', { failAttempts: 1 }),
      echoTask('after', {}, { dependsOn: ['t0', 't1'] }),
    ],
  })
  const whole: string[] = []
  const client = tutti({ baseUrl: service.url })
  for await (const event of client.plans.events(plan.id)) {
    if (event.type !== 'snapshot') whole.push(`${event.id} ${event.type}`)
  }
  await service.api.end('SIGKILL')
  await service.restartApi()
  const url = `${service.url}/v1/plans/${plan.id}/events`
  const pieces: string[] = []
  let last = '0-0'
  while (true) {
    const response = await fetch(url, { headers: { 'last-event-id': last } })
    if (response.status === 204) break
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    let text = ''
    // Cut after the first whole event.
    while (!/^event: .*\ndata: .*\n\n/m.test(text)) {
      const { done, value } = await reader.read()
      if (done) break
      text += new TextDecoder().decode(value)
    }
    await reader.cancel()
    const [, id, type] = /id: (\S+)\nevent: (\S+)/.exec(text) ?? []
    if (id === undefined || type === undefined) break
    pieces.push(`${id} ${type}`)
    last = id
  }
  expect(pieces.slice(-whole.length)).toEqual(whole)
  expect(pieces.at(-1)).toMatch(/plan\.finished$/)
  expect(new Set(pieces).size).toBe(pieces.length)
})

test('a reader that comes with an id which the plan does not have gets a snapshot, and the end', async () => {
  await start(1)
  const other = await submit({ tasks: many(1) }, true)
  const client = tutti({ baseUrl: service.url })
  let foreign = ''
  for await (const { id } of client.plans.events(other.id)) foreign = id ?? ''
  const plan = await submit({ tasks: many(3, { delayMs: 500 }) })
  const read = async (lastEventId: string) => {
    const headers = { 'last-event-id': lastEventId }
    const response = await fetch(`${service.url}/v1/plans/${plan.id}/events`, { headers })
    return (await response.text()).match(/^event: .*$/gm)
  }
  for (const types of await Promise.all([foreign, '9999999999999-0', 'what?'].map(read))) {
    expect(types?.[0]).toBe('event: snapshot')
    expect(types?.at(-1)).toBe('event: plan.finished')
  }
  expect((await read('0-0'))?.[0]).toBe('event: plan.queued')
  expect(await read('9999999999999-0')).toEqual(['event: snapshot'])
})

test("a reader of one task gets its events and those of the plan, and no other task's", async () => {
  await start(0)
  const plan = await submit({ tasks: many(3) })
  const client = tutti({ baseUrl: service.url })
  const seen: string[] = []
  for await (const { type, data } of client.plans.events(plan.id, { taskId: 't1' })) {
    if (type === 'snapshot') {
      expect(data.tasks.map(({ id }) => id)).toEqual(['t1'])
      await service.addWorker()
    } else seen.push('taskId' in data ? `${type} ${data.taskId}` : type)
  }
  expect(seen).toContain('task.finished t1')
  expect(seen.at(-1)).toBe('plan.finished')
  expect(seen.join()).not.toMatch(/ t[02]/)
  const unknown = await call(`${service.url}/v1/plans/${plan.id}/events?taskId=nobody`)
  expect(unknown.status).toBe(404)
})

test('a small plan does not wait for an earlier large one, and small ones do not stop a large one', async () => {
  await start(1, { TUTTI_CONCURRENCY: '40' })
  const hanging = Array.from({ length: 100 }, (_, at) => echoTask(`h${at}`, { hang: true }))
  // More of them hang than there are slots, so that some wait however slow this machine is.
  const large = await submit({ tasks: [...many(400, { delayMs: 20 }), ...hanging] })
  for (let round = 0; round < 5; round += 1) {
    const small = await submit({ tasks: many(5, { delayMs: 20 }) }, true)
    expect(small.status).toBe('succeeded')
  }
  const read = async () => (await call<PlanView>(`${service.url}/v1/plans/${large.id}`)).body
  const { status, counts } = await read()
  expect(status).toBe('running')
  expect(counts.queued).toBeGreaterThan(0)
  await expect.poll(async () => (await read()).counts.succeeded, { timeout: 40_000 }).toBe(400)
  const stop = await call<PlanView>(`${service.url}/v1/plans/${large.id}/cancel`, 'POST')
  expect(stop.status).toBe(200)
})
