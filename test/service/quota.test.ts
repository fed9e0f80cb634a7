import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import {
  type Answer,
  type BillingProvider,
  startBillingProvider,
} from '../support/billing-provider.ts'
import { call, type Service, startService } from '../support/service.ts'

// An account at a provider that has nothing left.

let service: Service
let provider: BillingProvider
let asked = 0
let answer: (body: string) => Answer = () => ({})

beforeAll(async () => {
  provider = await startBillingProvider((body) => {
    asked += 1
    return answer(body)
  })
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: {
      TUTTI_MODEL: 'openai:gpt-4o',
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: provider.url,
      ANTHROPIC_API_KEY: 'sk-test',
      ANTHROPIC_BASE_URL: provider.url,
    },
  })
})

afterAll(async () => {
  await service.stop()
  await provider.close()
})

const UNPAID: Answer = {
  status: 429,
  said: 'Your account is not active, please check your billing details on our website.',
}

interface Answered {
  id: string
  status: string
  counts: Record<string, number>
  stopped?: { code: string; message: string }
}

test('a plan whose provider has no quota left is parked, and continues with a retry', async () => {
  const plans = `${service.url}/v1/plans`
  answer = (body) => (body.includes('Part 0') || body.includes('Part 1') ? {} : UNPAID)
  const tasks = Array.from({ length: 30 }, (_, part) => ({
    id: `t${part}`,
    prompt: `Part ${part}.`,
  }))
  const { body: plan } = await call<Answered>(
    plans,
    'POST',
    { tasks, mode: 'sequential', synthesis: false },
    { prefer: 'wait=60' },
  )
  expect(plan).toMatchObject({
    status: 'partial',
    stopped: { code: 'provider-quota', message: expect.stringContaining('used up') },
    counts: { succeeded: 2, skipped: 28, failed: 0 },
  })
  // One call found it out for all of them.
  expect(asked).toBe(3)
  const { body: task } = await call(`${plans}/${plan.id}/tasks/t20`)
  expect(task).toMatchObject({ status: 'skipped', error: { code: 'provider-quota' } })

  answer = () => ({})
  expect((await call(`${plans}/${plan.id}/retry`, 'POST', {})).status).toBe(202)
  const { body: again } = await call<Answered>(`${plans}/${plan.id}?wait=60`)
  expect(again).toMatchObject({ status: 'succeeded', counts: { succeeded: 30 } })
  expect(again.stopped).toBeUndefined()
  expect(asked).toBe(31)
})

test('tasks of a parked plan that run at that moment come to their ends', async () => {
  const plans = `${service.url}/v1/plans`
  const both = provider.untilAtOnce(2)
  answer = (body) => ({ after: both, ...(body.includes('poor') ? UNPAID : { delayMs: 500 }) })
  const { body: plan } = await call<Answered>(
    plans,
    'POST',
    {
      tasks: ['rich', 'poor', 'late'].map((id) => ({ id, prompt: `The ${id} one.` })),
      policy: { maxConcurrency: 2 },
      synthesis: false,
    },
    { prefer: 'wait=60' },
  )
  expect(plan).toMatchObject({
    stopped: { code: 'provider-quota' },
    counts: { succeeded: 1, skipped: 2 },
  })
})
