import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { PlanFilter } from '../../../src/core/contract/plan-filter.ts'
import { readPlans } from '../../../src/core/read/read-plans.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { openUseCases, type UseCases } from '../../support/use-cases.ts'

let service: UseCases
const ids: Record<string, string> = {}
beforeAll(async () => {
  service = await openUseCases(inject('redisUrl'))
  for (const [name, title, metadata] of [
    ['auth', 'Review the auth service', { commit: '4f2a9c1', team: 'Harbour' }],
    ['billing', 'Review the billing service', { commit: '77b01e2' }],
    ['tests', 'Write tests', {}],
  ] as const) {
    const body = { title, metadata, tasks: [{ prompt: 'A', executor: 'echo' }] }
    const submission = { tenant: 'default', body, idempotencyKey: undefined }
    ids[name] = (await submitPlan(service.submitting, submission)).record.spec.id
  }
})
afterAll(() => service.close())

/** The names of the plans that are listed, from all pages. */
async function listed(filter: PlanFilter): Promise<string[]> {
  const { list } = readPlans({
    ...service.stores,
    waiting: undefined as never,
    standing: undefined as never,
    now: async () => Date.now(),
  })
  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await list({ tenant: 'default', limit: 1, cursor, ...filter })
    for (const { id } of page.items) {
      names.push(Object.keys(ids).find((name) => ids[name] === id) ?? id)
    }
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return names.toSorted()
}

test('plans are found by words of their title, id or metadata, in any order and case', async () => {
  expect(await listed({})).toEqual(['auth', 'billing', 'tests'])
  expect(await listed({ search: 'SERVICE review' })).toEqual(['auth', 'billing'])
  expect(await listed({ search: 'harbour' })).toEqual(['auth'])
  expect(await listed({ search: '77b01e2' })).toEqual(['billing'])
  expect(await listed({ search: ids.tests?.slice(0, 10) ?? '' })).toEqual(['tests'])
  expect(await listed({ search: 'review nothing' })).toEqual([])
  expect(await listed({ search: 'review', status: 'queued' })).toEqual(['auth', 'billing'])
  expect(await listed({ search: 'review', status: 'failed' })).toEqual([])
})

test('plans are found by when they were submitted, and by what they cost', async () => {
  const record = await service.stores.plans.get(ids.billing ?? '')
  const at = record?.createdAt ?? 0
  const before = await listed({ createdBefore: at })
  const from = await listed({ createdFrom: at })
  expect(before).not.toContain('billing')
  expect(from).toContain('billing')
  expect([...before, ...from].toSorted()).toEqual(['auth', 'billing', 'tests'])
  expect(await listed({ createdFrom: at, createdBefore: at })).toEqual([])
  expect(await listed({ maxCostUsd: 0 })).toEqual(['auth', 'billing', 'tests'])
  expect(await listed({ minCostUsd: 0.01 })).toEqual([])
})
