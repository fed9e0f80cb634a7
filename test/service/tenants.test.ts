import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { call, echoTask, type Service, startService } from '../support/service.ts'

const KEYS = { acme: 'key-of-acme', other: 'key-of-other', busy: 'key-of-busy', ops: 'key-of-ops' }
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const as = (tenant: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[tenant]}` })

let service: Service

beforeAll(async () => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: {
      TUTTI_API_KEYS: Object.entries(KEYS)
        .map(([name, key]) => `${name}:${sha256(key)}${name === 'ops' ? ':admin' : ''}`)
        .join(','),
      TUTTI_RATE_LIMIT_PER_MINUTE: '300',
      TUTTI_TENANT_MAX_RUNNING: '10',
      TUTTI_TENANT_MAX_PLANS: '12',
      TUTTI_METRICS_PORT: '0',
      TUTTI_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    },
  })
})
afterAll(() => service.stop())

function submit(tenant: keyof typeof KEYS, tasks: object[]) {
  return call<{ id: string; type?: string }>(
    `${service.url}/v1/plans`,
    'POST',
    { tasks },
    as(tenant),
  )
}

const hanging = (count: number) =>
  Array.from({ length: count }, (_, index) => echoTask(`t${index}`, { hang: true }))

/** What calls must carry, by the end of their path. */
const BODIES: Record<string, object> = {
  resume: { budgetUsd: 1 },
  messages: { text: 'Go on.' },
  tasks: { tasks: [{ prompt: 'Go on.' }] },
}

describe("another tenant's plan", () => {
  test('is not found, in every way that the API offers', async () => {
    const { body: plan } = await submit('acme', [echoTask('one')])
    await call(`${service.url}/v1/plans/${plan.id}?wait=30`, 'GET', undefined, as('acme'))
    const { body: document } = await call<{ paths: Record<string, Record<string, unknown>> }>(
      `${service.url}/openapi.json`,
    )
    // As long as a real id, and nobody's.
    const unknown = `${plan.id.slice(0, 3)}${'0'.repeat(plan.id.length - 4)}x`
    const asked: string[] = []
    for (const [path, operations] of Object.entries(document.paths)) {
      if (!path.includes('{planId}')) continue
      for (const method of Object.keys(operations)) {
        const ask = async (planId: string) => {
          const filled = path
            .replace('{planId}', planId)
            .replace('{taskId}', 'one')
            .replace(/\{\w+\}/g, '1')
          const body = method === 'post' ? (BODIES[path.split('/').at(-1) ?? ''] ?? {}) : undefined
          const answer = await call<Record<string, unknown>>(
            `${service.url}${filled}`,
            method.toUpperCase(),
            body,
            as('other'),
          )
          return {
            status: answer.status,
            text: JSON.stringify(answer.body).replaceAll(planId, 'ID'),
          }
        }
        const stranger = await ask(plan.id)
        expect(stranger.status, `${method} ${path}`).toBe(404)
        expect(withoutIds(stranger.text), `${method} ${path}`).toBe(
          withoutIds((await ask(unknown)).text),
        )
        asked.push(`${method} ${path}`)
      }
    }
    expect(asked.length).toBeGreaterThan(12)
    const own = await call(`${service.url}/v1/plans/${plan.id}`, 'GET', undefined, as('acme'))
    expect(own.status).toBe(200)
    const list = await call(`${service.url}/v1/plans`, 'GET', undefined, as('other'))
    expect(list.body).toMatchObject({ items: [] })
  })
})

/** Each answer names its own request. */
function withoutIds(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'REQUEST')
}

describe('limits of a tenant', () => {
  test('unfinished tasks: what would exceed them is refused, and taken once others have ended', async () => {
    const first = await submit('busy', hanging(8))
    expect(first.status).toBe(202)
    const refused = await submit('busy', hanging(3))
    expect(refused.status).toBe(429)
    expect(refused.body).toMatchObject({ type: expect.stringContaining('quota-exceeded') })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await submit('other', hanging(3))).status).toBe(202)
    const id = first.body.id
    await call(`${service.url}/v1/plans/${id}/cancel`, 'POST', undefined, as('busy'))
    await call(`${service.url}/v1/plans/${id}?wait=30`, 'GET', undefined, as('busy'))
    expect((await submit('busy', [echoTask('one')])).status).toBe(202)
  })

  test('a retry counts as well', async () => {
    const { body: failed } = await submit('busy', [
      echoTask('one', { failAttempts: 9 }, { attempts: 1 }),
    ])
    await call(`${service.url}/v1/plans/${failed.id}?wait=30`, 'GET', undefined, as('busy'))
    const { body: full } = await submit('busy', hanging(10))
    const retry = () =>
      call(`${service.url}/v1/plans/${failed.id}/tasks/one/retry`, 'POST', undefined, as('busy'))
    const refused = await retry()
    expect(refused.status).toBe(429)
    expect(refused.body).toMatchObject({ type: expect.stringContaining('quota-exceeded') })
    await call(`${service.url}/v1/plans/${full.id}/cancel`, 'POST', undefined, as('busy'))
    await call(`${service.url}/v1/plans/${full.id}?wait=30`, 'GET', undefined, as('busy'))
    expect((await retry()).status).toBeLessThan(300)
    await call(`${service.url}/v1/plans/${failed.id}?wait=30`, 'GET', undefined, as('busy'))
  })

  test('submissions at the same time do not exceed them together', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit('acme', hanging(4))))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 202)).toHaveLength(2)
    expect(statuses.filter((status) => status === 429)).toHaveLength(6)
  })

  test('stored plans: another is taken once one was deleted', async () => {
    let last = await submit('busy', [echoTask('one')])
    for (let count = 0; count < 15 && last.status === 202; count += 1) {
      await call(`${service.url}/v1/plans/${last.body.id}?wait=30`, 'GET', undefined, as('busy'))
      last = await submit('busy', [echoTask('one')])
    }
    expect(last.status).toBe(429)
    const list = await call<{ items: { id: string }[] }>(
      `${service.url}/v1/plans?limit=100`,
      'GET',
      undefined,
      as('busy'),
    )
    expect(list.body.items).toHaveLength(12)
    const oldest = list.body.items.at(-1)?.id
    await call(`${service.url}/v1/plans/${oldest}`, 'DELETE', undefined, as('busy'))
    expect((await submit('busy', [echoTask('one')])).status).toBe(202)
  })

  test('metrics are for admins only, of the API and of a worker', async () => {
    const port = /"port":(\d+),"msg":"metrics are served"/.exec(
      service.workers[0]?.log() ?? '',
    )?.[1]
    for (const url of [`${service.url}/metrics`, `http://127.0.0.1:${port}/metrics`]) {
      expect((await fetch(url)).status).toBe(401)
      expect([401, 403]).toContain((await fetch(url, { headers: as('acme') })).status)
      expect((await fetch(url, { headers: as('ops') })).status).toBe(200)
    }
  })
})
