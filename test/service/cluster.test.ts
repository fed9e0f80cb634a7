import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LimitedProvider, startLimitedProvider } from '../support/limited-provider.ts'
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts'
import { call, echoTask, type Service, startService } from '../support/service.ts'

const KEYS = { acme: 'key-of-acme', other: 'key-of-other', ops: 'key-of-ops' }
type Tenant = keyof typeof KEYS
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const as = (tenant: Tenant) => ({ authorization: `Bearer ${KEYS[tenant]}` })
const MOST_RUNNING = 1_500

interface Plan {
  id: string
  status: string
  counts: Record<string, number>
  synthesis: { version: number }
}

let cluster: RedisCluster
let provider: LimitedProvider
let service: Service

beforeAll(async () => {
  provider = await startLimitedProvider(20)
  cluster = await startRedisCluster({ masters: 3, password: 'p@ss,word' })
  service = await startService({
    redisUrl: cluster.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 2,
    env: {
      LOCAL_BASE_URL: provider.url,
      TUTTI_API_KEYS: Object.entries(KEYS)
        .map(([name, key]) => `${name}:${sha256(key)}${name === 'ops' ? ':admin' : ''}`)
        .join(','),
      TUTTI_RATE_LIMIT_PER_MINUTE: '100000',
      TUTTI_TENANT_MAX_RUNNING: `${MOST_RUNNING}`,
      TUTTI_METRICS_PORT: '0',
      TUTTI_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
      TUTTI_WEBHOOK_ALLOW: '127.0.0.1',
    },
  })
})

afterAll(async () => {
  await service?.stop()
  await cluster?.stop()
  await provider.close()
})

function api<T = Plan>(
  path: string,
  method = 'GET',
  body?: unknown,
  headers: Record<string, string> = {},
) {
  return call<T>(`${service.url}/v1${path}`, method, body, { ...as('acme'), ...headers })
}

/** Submits and waits for the end. */
async function run(plan: object): Promise<Plan> {
  const { status, body } = await api('/plans', 'POST', plan, { prefer: 'wait=60' })
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}

const tasks = (count: number, options: object = {}) =>
  Array.from({ length: count }, (_, at) => echoTask(`t${at}`, { ...options }))

describe('on a Redis Cluster', () => {
  test('plans of five tasks are spread over the masters, and each ends with its synthesis', async () => {
    const plans = await Promise.all(Array.from({ length: 24 }, () => run({ tasks: tasks(5) })))
    for (const plan of plans) {
      expect(plan).toMatchObject({ status: 'succeeded', synthesis: { version: 1 } })
    }
    expect(new Set(plans.map(({ id }) => id.slice(1, 3))).size).toBeGreaterThan(3)
    const sizes = await Promise.all(cluster.masters.map(({ redis }) => redis.dbsize()))
    for (const size of sizes) expect(size).toBeGreaterThan(0)

    const { body } = await api<{ items: Plan[] }>('/plans?limit=100')
    expect(new Set(body.items.map(({ id }) => id))).toEqual(new Set(plans.map(({ id }) => id)))
  })

  test('a plan of 1,000 tasks, its body large enough for the thread of large submissions', async () => {
    const all = tasks(1_000).map((task) => ({ ...task, prompt: `${task.prompt} Now. `.repeat(30) }))
    const plan = await run({ tasks: all })
    expect(plan).toMatchObject({ status: 'succeeded', counts: { succeeded: 1_000 } })
  })

  test('an order is kept, and a failed task is tried again with what depends on it', async () => {
    const plan = await run({
      tasks: [
        echoTask('a', { failAttempts: 1 }, { attempts: 1 }),
        echoTask('b', {}, { dependsOn: ['a'] }),
        echoTask('c', {}, { dependsOn: ['b'] }),
      ],
      policy: { maxConcurrency: 2 },
    })
    expect(plan).toMatchObject({ status: 'failed', counts: { failed: 1, skipped: 2 } })
    expect((await api(`/plans/${plan.id}/tasks/a/retry`, 'POST')).status).toBe(202)
    expect((await api(`/plans/${plan.id}?wait=30`)).body).toMatchObject({
      status: 'succeeded',
      synthesis: { version: 2 },
    })
  })

  test('a cancelled plan stops what runs', async () => {
    const { body: plan } = await api('/plans', 'POST', { tasks: tasks(3, { hang: true }) })
    expect((await api(`/plans/${plan.id}/cancel`, 'POST')).status).toBeLessThan(300)
    const { body } = await api(`/plans/${plan.id}?wait=30`)
    expect(body).toMatchObject({ status: 'cancelled', counts: { cancelled: 3 } })
  })

  test('events arrive as they happen, whichever master holds the plan', async () => {
    const { body: plan } = await api('/plans', 'POST', { tasks: tasks(3, { delayMs: 300 }) })
    const events = await fetch(`${service.url}/v1/plans/${plan.id}/events`, {
      headers: as('acme'),
    })
    const text = await events.text()
    expect(text).toContain('event: snapshot')
    expect(text.match(/^event: task\.finished$/gm)).toHaveLength(3)
    expect(text).toContain('event: plan.finished')
  })

  test('the same idempotency key answers with the same plan, however often it is sent at once', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api('/plans', 'POST', { tasks: tasks(2) }, headers)),
    )
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const other = await api('/plans', 'POST', { tasks: tasks(3) }, headers)
    expect(other.status).toBe(422)
  })

  test('tenants see their own plans, and their limits count over all shards', async () => {
    const { body: plan } = await api('/plans', 'POST', { tasks: tasks(1) })
    const foreign = await api(`/plans/${plan.id}`, 'GET', undefined, as('other'))
    expect(foreign.status).toBe(404)
    const half = { tasks: tasks(MOST_RUNNING / 2, { hang: true }), synthesis: false }
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => api('/plans', 'POST', half, as('other'))),
    )
    const taken = answers.filter(({ status }) => status === 202)
    expect(taken).toHaveLength(2)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2)
    for (const { body } of taken) {
      const gone = await api(`/plans/${body.id}`, 'DELETE', undefined, as('other'))
      expect(gone.status).toBe(204)
    }
  })

  test('requests are limited by counts in Redis', async () => {
    const { headers } = await api('/plans')
    expect(headers.get('ratelimit')).toMatch(/^"requests";r=\d+;t=\d+$/)
  })

  test('a deleted plan leaves nothing behind', async () => {
    const plan = await run({ tasks: tasks(5) })
    const keysOfPlan = async () => {
      const keys = await Promise.all(cluster.masters.map(({ redis }) => redis.keys(`*${plan.id}*`)))
      return keys.flat()
    }
    expect(await keysOfPlan()).not.toEqual([])
    expect((await api(`/plans/${plan.id}`, 'DELETE')).status).toBe(204)
    expect(await keysOfPlan()).toEqual([])
  })

  test('webhooks are delivered', async () => {
    const hook = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(204).end()
        hook.emit('received', request.headers['webhook-id'])
      })
    })
    hook.listen(0, '127.0.0.1')
    await once(hook, 'listening')
    try {
      const received = once(hook, 'received')
      const { port } = hook.address() as AddressInfo
      await run({ tasks: tasks(1), webhook: { url: `http://127.0.0.1:${port}/` } })
      expect((await received)[0]).toEqual(expect.any(String))
    } finally {
      hook.close()
    }
  })

  test('workers keep together to the rate of a provider', async () => {
    const plan = await run({
      tasks: Array.from({ length: 60 }, (_, at) => ({
        prompt: `Look at part ${at}.`,
        executor: 'model',
        model: 'local:limited',
        tools: [],
      })),
      synthesis: false,
    })
    expect(plan).toMatchObject({ status: 'succeeded', counts: { succeeded: 60 } })
    expect(provider.taken()).toBe(60)
    const { body } = await api<{ providers: { key: string }[]; workers: unknown[] }>('/workers')
    expect(body.workers).toHaveLength(2)
    expect(body.providers).toMatchObject([{ key: 'local:limited' }])
  })

  test('operators see every queue, and metrics of the whole service', async () => {
    const board = await fetch(`${service.url}/queues/api/queues`, { headers: as('ops') })
    expect(board.status).toBe(200)
    const metrics = await (await fetch(`${service.url}/metrics`, { headers: as('ops') })).text()
    expect(metrics).toMatch(/^tutti_store_up 1$/m)
    expect(metrics).toMatch(/^tutti_workers 2$/m)
  })
})
