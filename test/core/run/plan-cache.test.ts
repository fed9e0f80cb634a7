import { expect, test } from 'vitest'
import type { PlanRecord } from '../../../src/core/ports/records.ts'
import { planCache } from '../../../src/core/run/plan-cache.ts'

/** Plans whose contexts have this many characters, and how often each was read. */
function plansOf(characters: Record<string, number>) {
  const reads: string[] = []
  const get = async (planId: string): Promise<PlanRecord | undefined> => {
    reads.push(planId)
    if (characters[planId] === undefined) return undefined
    return { spec: { id: planId }, counts: { queued: 2 } } as unknown as PlanRecord
  }
  return { reads, get, context: async (planId: string) => 'x'.repeat(characters[planId] ?? 0) }
}

test('a plan is read once, by however many tasks at the same time', async () => {
  const plans = plansOf({ a: 10 })
  const cache = planCache(plans)
  const loaded = await Promise.all([cache.load('a'), cache.load('a'), cache.load('a')])
  expect(loaded.map((plan) => plan?.context)).toEqual(Array(3).fill('x'.repeat(10)))
  expect(plans.reads).toEqual(['a'])
})

test('what is kept is bounded in bytes; the plan used longest ago goes first', async () => {
  const plans = plansOf({ a: 400, b: 400, c: 400 })
  const cache = planCache(plans, 2_000)
  for (const planId of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.load(planId)
  expect(plans.reads).toEqual(['a', 'b', 'c', 'b'])
})

test('a plan that is gone, or too large to keep, is read each time', async () => {
  const plans = plansOf({ large: 5_000 })
  const cache = planCache(plans, 2_000)
  for (const planId of ['gone', 'gone', 'large', 'large']) await cache.load(planId)
  expect(plans.reads).toEqual(['gone', 'gone', 'large', 'large'])
  expect((await cache.load('large'))?.context).toHaveLength(5_000)
})

test('a failure to read is reported and not cached', async () => {
  const plans = plansOf({ a: 1 })
  let away = true
  const cache = planCache({
    ...plans,
    get: (planId) => (away ? Promise.reject(new Error('away')) : plans.get(planId)),
  })
  await expect(cache.load('a')).rejects.toThrow('away')
  away = false
  expect(await cache.load('a')).toMatchObject({ context: 'x' })
})
