import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { type BatchingProvider, batchingProvider } from '../support/batching-provider.ts'
import { call, type Service, startService } from '../support/service.ts'

// Plans that are not urgent, on the whole service: their calls come back in a provider's batch.

let service: Service
let provider: BatchingProvider

beforeAll(async () => {
  provider = await batchingProvider()
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: {
      TUTTI_MODEL: 'anthropic:claude-sonnet-4-5',
      ANTHROPIC_API_KEY: 'sk-ant-test',
      ANTHROPIC_BASE_URL: provider.url,
      TUTTI_CONCURRENCY: '1',
    },
  })
}, 120_000)

afterAll(async () => {
  await service.stop()
  await provider.stop()
})

const api = <T = Plan>(method: string, path: string, body?: unknown) =>
  call<T>(`${service.url}${path}`, method, body)

const PLAN = {
  tasks: ['security', 'testing', 'performance'].map((id) => ({ id, task: `Review ${id}.` })),
  synthesis: { executor: 'merge' },
  policy: { urgency: 'relaxed', budgetUsd: 1 },
}

interface Plan {
  id: string
  status: string
  usage: { costUsd: number; steps: number }
}

test('a relaxed plan needs no slots while it waits, survives its worker, and costs half', async () => {
  const dry = await api<{ estimate: Record<'costUsd' | 'relaxedCostUsd', { high: number }> }>(
    'POST',
    '/v1/plans?dryRun=true',
    PLAN,
  )
  const { estimate } = dry.body
  expect(estimate.relaxedCostUsd.high).toBeCloseTo(estimate.costUsd.high / 2, 3)

  provider.answer = (body) => `Report on ${JSON.stringify(body).match(/Review (\w+)/)?.[1]}.`
  const { id } = (await api('POST', '/v1/plans', PLAN)).body
  // More calls than slots: each task has left its slot to the next.
  await vi.waitFor(() => expect(provider.batches[0]?.calls).toHaveLength(3), 60_000)
  // The only slot is free for others.
  const urgent = { tasks: [{ task: 'x', executor: 'echo' }], synthesis: false }
  const { body: other } = await api('POST', '/v1/plans', urgent)
  const done = await api('GET', `/v1/plans/${other.id}?wait=30`)
  expect(done.body).toMatchObject({ status: 'succeeded' })

  await service.workers[0]?.end('SIGTERM')
  await service.addWorker()
  provider.finish()
  const { body: plan } = await api('GET', `/v1/plans/${id}?wait=60`)
  expect(plan).toMatchObject({ status: 'succeeded', counts: { succeeded: 3 } })
  expect(provider.batches).toHaveLength(1)
  expect(provider.live).toEqual([])
  // 1,000 tokens in and 100 out each, at 3 and 15 dollars a million, halved.
  expect(plan.usage).toMatchObject({ steps: 3 })
  expect(plan.usage.costUsd).toBeCloseTo((3 * (1_000 * 3 + 100 * 15)) / 2 / 1e6, 8)
  const output = await api('GET', `/v1/plans/${id}/tasks/testing/output`)
  expect(output.body).toMatchObject({ task: { output: 'Report on testing.' } })
}, 120_000)

test('a cancelled plan cancels its batch', async () => {
  const { id } = (await api('POST', '/v1/plans', PLAN)).body
  await vi.waitFor(() => expect(provider.batches).toHaveLength(2), 60_000)
  await api('POST', `/v1/plans/${id}/cancel`)
  await vi.waitFor(() => expect(provider.batches[1]?.state).toBe('cancelled'), 60_000)
  const plan = await api('GET', `/v1/plans/${id}?wait=30`)
  expect(plan.body).toMatchObject({ status: 'cancelled' })
}, 120_000)

test('a deadline is only for a relaxed plan', async () => {
  const policy = { deadlineMs: 1_000 }
  const { status, body } = await api('POST', '/v1/plans', { ...PLAN, policy })
  expect(status).toBe(400)
  expect(JSON.stringify(body)).toContain('/policy/deadlineMs')
})
