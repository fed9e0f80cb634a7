import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { call, clockAhead, echoTask, type Service, startService } from '../support/service.ts'

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ....').toString('base64')}`
const NEXT = `whsec_${Buffer.from('another one of thirty-two bytes .').toString('base64')}`

let service: Service
const prefix = `test-${randomUUID().slice(0, 8)}`
const servers: Server[] = []

beforeAll(async () => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix,
    env: { TUTTI_WEBHOOK_SECRET: `${NEXT},${SECRET}`, TUTTI_WEBHOOK_ALLOW: '127.0.0.1' },
  })
})
afterAll(() => service.stop())
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Received {
  headers: Record<string, string>
  body: string
}

/**
 * A receiver that answers with these statuses in turn, the last one from then on, each after
 * `beforeAnswer`.
 */
async function receiver(
  statuses: number[],
  headers: Record<string, string> = {},
  beforeAnswer: Promise<unknown> = Promise.resolve(),
): Promise<{
  url: string
  received: Received[]
  next: () => Promise<Received>
  answered: () => number
}> {
  const received: Received[] = []
  let answered = 0
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      received.push({ headers: request.headers as Record<string, string>, body })
      const status = statuses[received.length - 1] ?? statuses.at(-1) ?? 200
      const answer = () => {
        response.writeHead(status, headers).end()
        answered += 1
      }
      void beforeAnswer.then(answer)
      server.emit('received')
    })
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answered: () => answered,
    async next() {
      const seen = received.length
      if (seen === 0) await once(server, 'received')
      return received.at(-1) as Received
    },
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

async function run(url: string, events?: string[]): Promise<string> {
  const { body, status } = await call<{ id: string }>(
    `${service.url}/v1/plans`,
    'POST',
    { tasks: [echoTask('a')], webhook: { url, ...(events === undefined ? {} : { events }) } },
    { prefer: 'wait=20' },
  )
  expect(status).toBe(200)
  return body.id
}

interface Deliveries {
  items: {
    id: string
    type: string
    status: string
    nextAttemptAt: string | null
    attempts: { at: string; statusCode?: number; error?: string }[]
  }[]
}

/** The first delivery, once an attempt at it was made. */
async function attempted(planId: string): Promise<Deliveries['items'][number]> {
  while (true) {
    const { body } = await call<Deliveries>(`${service.url}/v1/plans/${planId}/deliveries`)
    const [first] = body.items
    if (first !== undefined && first.attempts.length > 0) return first
  }
}

describe('webhooks', () => {
  test('a finished plan is delivered, signed so that a Standard Webhooks verifier accepts it', async () => {
    const hook = await receiver([204])
    const planId = await run(hook.url)
    const { headers, body } = await hook.next()
    // While secrets are rotated, a receiver may have either.
    for (const secret of [SECRET, NEXT]) {
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({
        type: 'plan.finished',
        data: { planId },
      })
    }
    expect(body).not.toContain('Say a.')
    expect(await attempted(planId)).toMatchObject({
      id: headers['webhook-id'],
      status: 'delivered',
      nextAttemptAt: null,
      attempts: [{ statusCode: 204 }],
    })
  })

  test('a receiver that fails is tried again later, and the delivery says when', async () => {
    const hook = await receiver([500])
    const delivery = await attempted(await run(hook.url))
    expect(delivery).toMatchObject({ status: 'pending', attempts: [{ statusCode: 500 }] })
    expect(Date.parse(delivery.nextAttemptAt ?? '')).toBeGreaterThan(Date.now())
  })

  test('slow receivers hold up no other', async () => {
    const { promise: checked, resolve: answer } = Promise.withResolvers<void>()
    const slow = await receiver([500], {}, checked)
    await Promise.all(Array.from({ length: 40 }, () => run(slow.url)))
    const other = await receiver([200])
    const planId = await run(other.url)
    await other.next()
    expect((await attempted(planId)).status).toBe('delivered')
    expect(slow.answered()).toBe(0)
    answer()
  })

  test('the delay of the next attempt counts from the end of the previous one', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<number>()
    const slow = await receiver([500], {}, answered)
    const planId = await run(slow.url)
    await slow.next()
    const received = Date.now()
    while (Date.now() < received + 1_000) await call(`${service.url}/livez`)
    answer(Date.now())
    const { nextAttemptAt } = await attempted(planId)
    expect(Date.parse(nextAttemptAt ?? '')).toBeGreaterThanOrEqual((await answered) + 5_000)
  })

  test('the second attempt carries the same id', async () => {
    const hook = await receiver([500, 200])
    await run(hook.url)
    const first = (await hook.next()).headers['webhook-id']
    while (hook.received.length < 2) await once(servers[0] as Server, 'received')
    expect(hook.received[1]?.headers['webhook-id']).toBe(first)
  })

  test('what a worker was delivering that died is delivered by another, under the same id', async () => {
    const { promise: died, resolve: answer } = Promise.withResolvers<void>()
    const hook = await receiver([200], {}, died)
    await run(hook.url)
    await hook.next()
    await Promise.all(service.workers.map((worker) => worker.exited() || worker.end('SIGKILL')))
    answer()
    await service.addWorker()
    await expect.poll(() => hook.received.length, { timeout: 40_000 }).toBe(2)
    const [first, second] = hook.received
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  })

  test('a plan that is deleted takes with it what was still to be delivered', async () => {
    const hook = await receiver([500])
    const planId = await run(hook.url)
    await attempted(planId)
    const redis = new Redis(inject('redisUrl'))
    const left = () => redis.keys(`*${prefix}*${planId}*`)
    try {
      expect((await left()).length).toBeGreaterThan(0)
      expect((await call(`${service.url}/v1/plans/${planId}`, 'DELETE')).status).toBe(204)
      expect(await left()).toEqual([])
    } finally {
      redis.disconnect()
    }
  })

  test('a delivery whose result could not be stored is attempted again, under the same id', async () => {
    const redis = new Redis(inject('redisUrl'))
    const hook = await receiver([200])
    const planId = await run(hook.url, ['task.finished'])
    await hook.next()
    await attempted(planId)
    try {
      // As if the attempt had been made but not recorded: its job is done, its record is pending.
      const [key = ''] = await redis.keys(`*${planId}:deliveries`)
      const [id = '', json = '{}'] = Object.entries(await redis.hgetall(key))[0] ?? []
      const event = { planId, eventId: id.replace(`${planId}-`, ''), type: 'task.finished', at: 0 }
      const shard = key.replace(/:plan:.*/, '')
      const record = { ...JSON.parse(json), status: 'pending', attempts: [] }
      await redis
        .multi()
        .hset(key, id, JSON.stringify(record))
        .hset(`${shard}:outgoing`, id, JSON.stringify(event))
        .zadd(`${shard}:outbox`, 0, id)
        .exec()
      await expect.poll(() => hook.received.length, { timeout: 60_000 }).toBe(2)
      expect(hook.received[1]?.headers['webhook-id']).toBe(id)
      expect(await attempted(planId)).toMatchObject({ status: 'delivered' })
      const left = () => redis.zscore(`${shard}:outbox`, id)
      await expect.poll(left, { timeout: 60_000 }).toBeNull()
    } finally {
      redis.disconnect()
    }
  })

  test.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])(
    'a worker whose clock is an hour %s makes the second attempt after the pause, no sooner and no later',
    async (_, ms) => {
      const clocks = await startService({
        redisUrl: inject('redisUrl'),
        prefix: `test-${randomUUID().slice(0, 8)}`,
        env: { TUTTI_WEBHOOK_SECRET: SECRET, TUTTI_WEBHOOK_ALLOW: '127.0.0.1' },
        workers: 0,
      })
      try {
        await clocks.addWorker(clockAhead(ms))
        const hook = await receiver([500, 200])
        const { body } = await call<{ id: string }>(`${clocks.url}/v1/plans`, 'POST', {
          tasks: [echoTask('a')],
          webhook: { url: hook.url },
        })
        const deliveries = async () =>
          (await call<Deliveries>(`${clocks.url}/v1/plans/${body.id}/deliveries`)).body.items
        await expect
          .poll(deliveries, { timeout: 60_000 })
          .toMatchObject([{ status: 'delivered', attempts: [{ statusCode: 500 }, {}] }])
        const [first, second] = (await deliveries())[0]?.attempts ?? []
        const pauseMs = Date.parse(second?.at ?? '') - Date.parse(first?.at ?? '')
        expect(pauseMs).toBeGreaterThanOrEqual(5_000)
        expect(pauseMs).toBeLessThan(60_000)
      } finally {
        await clocks.stop()
      }
    },
    120_000,
  )

  test('a redirect is not followed', async () => {
    const target = await receiver([200])
    const hook = await receiver([302], { location: target.url })
    const delivery = await attempted(await run(hook.url))
    expect(delivery).toMatchObject({ status: 'pending', attempts: [{ statusCode: 302 }] })
    expect(delivery.attempts[0]?.error).toMatch(/redirect/)
    expect(target.received).toEqual([])
  })

  test('only the events asked for are sent', async () => {
    const hook = await receiver([200])
    const planId = await run(hook.url, ['task.finished'])
    await hook.next()
    const { body } = await call<Deliveries>(`${service.url}/v1/plans/${planId}/deliveries`)
    expect(body.items.map((item) => item.type)).toEqual(['task.finished'])
  })

  test.each([
    'http://127.0.0.2:9/',
    'http://[::1]:9/',
    'http://[::127.0.0.2]:9/',
    'http://[::ffff:127.0.0.2]:9/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest',
  ])('an address inside the private network is not called: %s', async (url) => {
    const delivery = await attempted(await run(url))
    expect(delivery.attempts[0]?.statusCode).toBeUndefined()
    expect(delivery.attempts[0]?.error).toMatch(/private network/)
  })
})

test('without a secret a plan with a webhook is refused, and the variable is named', async () => {
  const bare = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 0,
  })
  try {
    const { status, body } = await call<{ errors: { pointer: string; detail: string }[] }>(
      `${bare.url}/v1/plans`,
      'POST',
      { tasks: [echoTask('a')], webhook: { url: 'https://example.com/' } },
    )
    expect(status).toBe(400)
    expect(body.errors[0]?.pointer).toBe('/webhook')
    expect(body.errors[0]?.detail).toContain('TUTTI_WEBHOOK_SECRET')
  } finally {
    await bare.stop()
  }
})
