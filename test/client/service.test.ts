import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type PlanEvent, type Tutti, TuttiError, tutti } from '../../src/client/index.ts'
import { verifyWebhook } from '../../src/client/webhook.ts'
import { echoTask, type Service, startService } from '../support/service.ts'

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`

let service: Service
let client: Tutti
beforeAll(async () => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `client-${randomUUID().slice(0, 8)}`,
    env: { TUTTI_WEBHOOK_SECRET: SECRET, TUTTI_WEBHOOK_ALLOW: '127.0.0.1' },
  })
  client = tutti({ baseUrl: service.url })
})
afterAll(() => service.stop())

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

test('the client speaks with the real service from a dry run to a deletion', async () => {
  const submission = { title: 'Three', tasks: ['a', 'b', 'c'].map((id) => echoTask(id)) }
  const dryRun = await client.plans.submit(submission, { dryRun: true })
  expect(dryRun.waves).toEqual([['a', 'b', 'c']])

  const plan = await client.plans.submit(submission, { idempotencyKey: 'once', waitMs: 20_000 })
  expect(plan).toMatchObject({
    status: 'succeeded',
    synthesis: { version: 1, summary: expect.any(String) },
  })
  const again = await client.plans.submit(submission, { idempotencyKey: 'once' })
  expect(again.id).toBe(plan.id)

  expect(await client.tasks.output(plan.id, 'b')).toMatchObject({
    retrievalStatus: 'success',
    task: { id: 'b', status: 'succeeded', output: expect.stringContaining('Say b.') },
  })
  expect((await all(client.tasks.list(plan.id, { limit: 2 }))).map(({ id }) => id)).toEqual([
    'a',
    'b',
    'c',
  ])
  expect((await all(client.tasks.outputs(plan.id))).map(({ id }) => id).toSorted()).toEqual([
    'a',
    'b',
    'c',
  ])
  expect((await client.plans.todos(plan.id)).todos).toHaveLength(4)
  expect((await client.plans.report(plan.id)).diagnostics).toBeInstanceOf(Array)
  expect((await client.executors()).items.map(({ name }) => name)).toContain('echo')

  const { version } = await client.syntheses.create(plan.id, { executor: 'merge' })
  expect(await client.syntheses.wait(plan.id, version)).toMatchObject({ version: 2 })
  await client.tasks.retry(plan.id, 'a')
  await client.plans.wait(plan.id)
  expect(await client.syntheses.export(plan.id, 'markdown', { version: 2 })).toMatch(/^# /)
  expect(JSON.parse(await client.syntheses.export(plan.id, 'sarif'))).toHaveProperty('runs')
  expect((await client.syntheses.all(plan.id)).map((each) => each.version)).toEqual([1, 2, 3])

  const listed = await all(client.plans.list({ limit: 1 }))
  expect(listed.map(({ id }) => id)).toContain(plan.id)
  await client.plans.delete(plan.id)
  await expect(client.plans.get(plan.id)).rejects.toMatchObject({ code: 'plan-not-found' })
})

test('what the service refuses names its fields', async () => {
  const error = await client.plans
    .submit({ tasks: [echoTask('a'), echoTask('a'), echoTask('b', {}, { dependsOn: ['x'] })] })
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(TuttiError)
  expect(error).toMatchObject({
    code: 'invalid-request',
    status: 400,
    errors: expect.arrayContaining([
      expect.objectContaining({ pointer: expect.stringMatching(/^\/tasks\/\d/) }),
    ]),
  })
})

test('a plan is waited for and followed while the API is killed and started again', async () => {
  // On a busy machine the API takes longer to start than the client waits for it by default.
  const { plans } = tutti({ baseUrl: service.url, retries: 30 })
  const tasks = Array.from({ length: 12 }, (_, index) => echoTask(`t${index}`, { delayMs: 400 }))
  const plan = await plans.submit({ tasks, policy: { maxConcurrency: 3 } })
  const finished = plans.wait(plan.id)
  const events: PlanEvent[] = []
  for await (const event of plans.events(plan.id)) {
    events.push(event)
    if (events.filter(({ type }) => type === 'task.finished').length === 3) {
      if (service.api.exited()) continue
      await service.api.end('SIGKILL')
      await service.restartApi()
    }
  }
  expect(await finished).toMatchObject({ status: 'succeeded' })
  expect(events[0]?.type).toBe('snapshot')
  expect(events.at(-1)?.type).toBe('plan.finished')

  // The same stream once more, unbroken, without what the snapshot already told: its tasks are read a
  // little later than its id.
  const [snapshot] = events
  if (snapshot?.type !== 'snapshot') throw new Error('the stream began without a snapshot')
  const told = new Map(snapshot.data.tasks.map((task) => [task.id, task]))
  const isTold = ({ type, data }: PlanEvent) => {
    if (type !== 'task.started' && type !== 'task.finished') return false
    const task = told.get(data.taskId)
    if (task === undefined) throw new Error(`the snapshot is without ${data.taskId}`)
    return type === 'task.started' ? task.attempt >= data.attempt : task.finishedAt !== null
  }
  const unbroken = await all(client.plans.events(plan.id, { lastEventId: snapshot.id }))
  expect(events.slice(1)).toEqual(unbroken.filter((event) => !isTold(event)))
  expect(await all(client.plans.events(plan.id, { lastEventId: events.at(-1)?.id }))).toEqual([])
})

test('a cancelled plan keeps what is done', async () => {
  const plan = await client.plans.submit({
    tasks: [echoTask('quick'), echoTask('stuck', { hang: true })],
  })
  await client.tasks.output(plan.id, 'quick')
  await client.plans.cancel(plan.id)
  const { status, counts } = await client.plans.wait(plan.id)
  expect({ status, counts }).toMatchObject({
    status: 'cancelled',
    counts: { succeeded: 1, cancelled: 1 },
  })
  expect(await client.tasks.output(plan.id, 'stuck')).toMatchObject({
    retrievalStatus: 'success',
    task: { status: 'cancelled' },
  })
})

test('a webhook of the service passes verification, and its delivery is seen', async () => {
  const receiver = createServer().listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address() as AddressInfo
  const received = once(receiver, 'request').then(async ([request, response]) => {
    const { headers } = request as IncomingMessage
    const body = await buffer(request)
    response.end()
    return verifyWebhook(SECRET, headers, body)
  })
  const plan = await client.plans.submit({
    tasks: [echoTask('a')],
    webhook: { url: `http://127.0.0.1:${port}/hook` },
  })
  expect(await received).toMatchObject({ type: 'plan.finished', data: { planId: plan.id } })
  await expect
    .poll(() => client.plans.deliveries(plan.id))
    .toMatchObject([{ type: 'plan.finished', status: 'delivered' }])
  receiver.close()
})
