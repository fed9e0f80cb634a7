import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import {
  type Answer,
  type BillingProvider,
  startBillingProvider,
} from '../support/billing-provider.ts'
import { call, type Service, startService } from '../support/service.ts'

// Two workers, and a provider that adds up what it would send a bill for.

let service: Service
let provider: BillingProvider
let answer: Answer | (() => Answer) = {}

beforeAll(async () => {
  provider = await startBillingProvider(() => (typeof answer === 'function' ? answer() : answer))
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 2,
    env: {
      TUTTI_MODEL: 'openai:gpt-4o',
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: provider.url,
      TUTTI_PRICES: JSON.stringify({
        models: { 'openai:house-model': { inputPerMTok: 1, outputPerMTok: 2 } },
      }),
    },
  })
})

afterAll(async () => {
  await service.stop()
  await provider.close()
})

interface Finished {
  id: string
  status: string
  counts: Record<string, number>
  usage: { costUsd: number; steps: number }
  budget: { limitUsd: number; reservedUsd: number; unknownUsd: number; leftUsd: number }
  stopped?: { code: string }
  synthesis: { executor: string; notes: string[]; coverage: { missing: { taskId: string }[] } }
}

async function run(tasks: number, rest: object): Promise<Finished> {
  const { status, body } = await call<Finished>(
    `${service.url}/v1/plans`,
    'POST',
    {
      tasks: Array.from({ length: tasks }, (_, at) => ({
        id: `t${at}`,
        prompt: `Look at part ${at}.`,
        attempts: 1,
      })),
      ...rest,
    },
    { prefer: 'wait=60' },
  )
  expect(status).toBe(200)
  return body
}

/** Dollars that the provider bills from here on. */
function bill(): () => number {
  const before = provider.billedUsd()
  return () => provider.billedUsd() - before
}

test('a budget that runs out in the middle is not passed, and what was finished is kept', async () => {
  answer = { outputTokens: 500 }
  const billed = bill()
  const budgetUsd = 0.06
  const plan = await run(20, { policy: { budgetUsd } })
  const succeeded = plan.counts.succeeded ?? 0
  expect(plan).toMatchObject({ status: 'partial', stopped: { code: 'budget-exhausted' } })
  expect(succeeded).toBeGreaterThan(4)
  expect(succeeded + (plan.counts.skipped ?? 0) + (plan.counts.incomplete ?? 0)).toBe(20)
  expect(billed()).toBeLessThanOrEqual(budgetUsd)
  expect(plan.usage.costUsd).toBeCloseTo(billed(), 9)
  expect(plan.budget).toMatchObject({ limitUsd: budgetUsd, reservedUsd: 0, unknownUsd: 0 })
  expect(plan.synthesis).toMatchObject({ executor: 'merge' })
  expect(plan.synthesis.notes.join(' ')).toContain('budget')
  expect(plan.synthesis.coverage.missing).toHaveLength(20 - succeeded)

  const self = `${service.url}/v1/plans/${plan.id}`
  expect((await call(`${self}/resume`, 'POST', { budgetUsd: 5 })).status).toBe(202)
  const { body: resumed } = await call<Finished>(`${self}?wait=60`)
  expect(resumed).toMatchObject({ status: 'succeeded', counts: { succeeded: 20 } })
  expect(resumed.usage.costUsd).toBeCloseTo(billed(), 9)
})

test('a sequential plan that is resumed still runs one task at a time', async () => {
  answer = { outputTokens: 200, delayMs: 100 }
  const plan = await run(4, { mode: 'sequential', policy: { budgetUsd: 0.001 } })
  expect(plan).toMatchObject({ counts: { skipped: 4 } })
  provider.mostAtOnce()
  const self = `${service.url}/v1/plans/${plan.id}`
  expect((await call(`${self}/resume`, 'POST', { budgetUsd: 5 })).status).toBe(202)
  const { body } = await call<Finished>(`${self}?wait=60`)
  expect(body).toMatchObject({ status: 'succeeded', counts: { succeeded: 4 } })
  expect(provider.mostAtOnce()).toBe(1)
})

test('five tasks with ample money run at the same time', async () => {
  provider.mostAtOnce()
  // None is answered before all five are asked.
  answer = { after: provider.untilAtOnce(5) }
  const plan = await run(5, { policy: { budgetUsd: 5 }, synthesis: false })
  expect(plan).toMatchObject({ status: 'succeeded', counts: { succeeded: 5 } })
  expect(provider.mostAtOnce()).toBe(5)
})

test('an answer that the budget cuts off is not a success, and says why', async () => {
  answer = { outputTokens: 10_000 }
  const billed = bill()
  const plan = await run(1, { policy: { budgetUsd: 0.03 } })
  expect(plan).toMatchObject({ status: 'partial', counts: { incomplete: 1 } })
  expect(plan.stopped).toMatchObject({ code: 'budget-exhausted' })
  expect(billed()).toBeLessThanOrEqual(0.03)
  const { body } = await call(`${service.url}/v1/plans/${plan.id}/tasks/t0`)
  expect(body).toMatchObject({ error: { code: 'budget-exhausted' } })
})

test('a provider that bills far more than it was asked for is found out before the budget is gone', async () => {
  let calls = 0
  // The first answer comes while others are still being written.
  answer = () => ({
    outputTokens: 20_000,
    inputTokens: 20_000,
    heedsLimit: false,
    delayMs: calls++ === 0 ? 20 : 500,
  })
  const billed = bill()
  const plan = await run(12, { policy: { budgetUsd: 1.6 } })
  expect(plan.status).toBe('partial')
  expect(billed()).toBeLessThanOrEqual(1.6)
  expect(plan.usage.costUsd).toBeCloseTo(billed(), 9)
})

test('a worker that dies in mid-call leaves nothing set aside, and the plan keeps its budget', async () => {
  const { promise: died, resolve: goOn } = Promise.withResolvers<void>()
  answer = { after: died, outputTokens: 300 }
  const { body } = await call<Finished>(`${service.url}/v1/plans`, 'POST', {
    tasks: Array.from({ length: 6 }, (_, at) => ({ id: `t${at}`, prompt: `Look at part ${at}.` })),
    policy: { budgetUsd: 2 },
    synthesis: false,
  })
  const self = `${service.url}/v1/plans/${body.id}`
  while (((await call<Finished>(self)).body.counts.running ?? 0) < 6) {
    // Until all of them run.
  }
  await service.addWorker()
  await service.workers[0]?.end('SIGKILL')
  goOn()
  const { body: plan } = await call<Finished>(`${self}?wait=60`)
  expect(plan).toMatchObject({ status: 'succeeded', budget: { reservedUsd: 0 } })
})

test('a plan on a model without a price is refused with a budget, and says who can give one', async () => {
  const submit = (plan: object, query = '') =>
    call<{ errors: { pointer: string; detail: string }[] }>(
      `${service.url}/v1/plans${query}`,
      'POST',
      { policy: { budgetUsd: 1 }, ...plan },
    )
  const task = { id: 'a', prompt: 'Look.', executor: 'model' }
  const { status, body } = await submit({
    tasks: [
      { ...task, model: 'openai:no-such-model' },
      { ...task, id: 'b', options: { fallbackModels: ['openai:nor-this'] } },
    ],
    synthesis: { model: 'openai:nor-that' },
  })
  expect(status).toBe(400)
  expect(body.errors.map(({ pointer }) => pointer).sort()).toEqual([
    '/synthesis/model',
    '/tasks/0/model',
    '/tasks/1/options/fallbackModels/0',
  ])
  for (const { detail } of body.errors) expect(detail).toContain('TUTTI_PRICES')
  // The operator has given this one a price.
  const priced = { tasks: [{ ...task, model: 'openai:house-model' }] }
  expect((await submit(priced, '?dryRun=true')).status).toBe(200)
  const without = { tasks: [{ ...task, model: 'openai:no-such-model' }], policy: {} }
  expect((await submit(without, '?dryRun=true')).status).toBe(200)
})

test('a dry run warns of a budget that is too small', async () => {
  const { body } = await call<{ warnings: { code: string }[] }>(
    `${service.url}/v1/plans?dryRun=true`,
    'POST',
    { tasks: [{ id: 'a', prompt: 'x'.repeat(20_000) }], policy: { budgetUsd: 0.001 } },
  )
  expect(body.warnings).toContainEqual(expect.objectContaining({ code: 'budget-too-low' }))
})

test('nothing of a plan without money restarts before its budget is raised', async () => {
  answer = { outputTokens: 100 }
  const plan = await run(1, { policy: { budgetUsd: 0.001 } })
  expect(plan).toMatchObject({ status: 'failed', counts: { skipped: 1 }, usage: { costUsd: 0 } })
  const self = `${service.url}/v1/plans/${plan.id}`
  const retried = await call(`${self}/tasks/t0/retry`, 'POST')
  expect(retried).toMatchObject({ status: 409, body: { type: '/problems/budget-exceeded' } })
  const again = await call(`${self}/syntheses`, 'POST', { executor: 'model' })
  expect(again).toMatchObject({ status: 409, body: { type: '/problems/budget-exceeded' } })
  expect((await call(`${self}/resume`, 'POST', { budgetUsd: 1 })).status).toBe(202)
  const { body } = await call<Finished>(`${self}?wait=60`)
  expect(body).toMatchObject({ status: 'succeeded', budget: { limitUsd: 1 } })
})
