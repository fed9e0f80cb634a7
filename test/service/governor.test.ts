import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type LimitedProvider, startLimitedProvider } from '../support/limited-provider.ts'
import { call, type Service, startService } from '../support/service.ts'

let provider: LimitedProvider
let service: Service

beforeAll(async () => {
  provider = await startLimitedProvider(20)
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 2,
    env: { TUTTI_MODEL: 'local:limited', LOCAL_BASE_URL: provider.url },
  })
})

afterAll(async () => {
  await service.stop()
  await provider.close()
})

interface Task {
  attempts: { workerId: string }[]
}

test('two workers keep to one rate: no task fails, and no refusal costs an attempt', async () => {
  const tasks = Array.from({ length: 200 }, (_, at) => ({
    prompt: `Look at part ${at}.`,
    executor: 'model',
    tools: [],
  }))
  const { body: plan } = await call<{ id: string; status: string; counts: object }>(
    `${service.url}/v1/plans`,
    'POST',
    { tasks, synthesis: false },
    { prefer: 'wait=60' },
  )
  expect(plan).toMatchObject({ status: 'succeeded', counts: { succeeded: 200 } })
  expect(provider.taken()).toBe(200)

  const { body: list } = await call<{ items: { id: string }[] }>(
    `${service.url}/v1/plans/${plan.id}/tasks?limit=200`,
  )
  const all = await Promise.all(
    list.items.map(({ id }) => call<Task>(`${service.url}/v1/plans/${plan.id}/tasks/${id}`)),
  )
  expect(all).toHaveLength(200)
  for (const { body } of all) expect(body.attempts).toHaveLength(1)
  expect(new Set(all.map(({ body }) => body.attempts[0]?.workerId)).size).toBe(2)

  const { body: workers } = await call<{ providers: { key: string }[] }>(
    `${service.url}/v1/workers`,
  )
  expect(workers.providers).toEqual([{ key: 'local:limited', heldUntil: null, concurrency: null }])
})
