import { afterAll, expect, test } from 'vitest'
import type { Experience } from '../../src/core/budget/allowance.ts'
import { planKey } from '../../src/store/keys.ts'
import { aPlan, cost, flat, redis, SEEN, space, TASKS } from './plan-with-budget.ts'

afterAll(() => redis.disconnect())

test('one call goes ahead if the cost of calls is unknown', async () => {
  const { id, budgets, begin } = await aPlan(1)
  const all = await Promise.all(TASKS.map(begin))
  const blind = {
    model: 'new',
    seen: undefined,
    least: 0.01,
    enough: 0.05,
    most: 0.9,
    likely: 0.01,
  }
  const reserve = (at: number) =>
    budgets.reserve(id, all[at]?.spender ?? { jobId: 'none' }, { id: `c${at}`, ...blind })
  const first = [await reserve(0), await reserve(1)]
  expect(first.map(({ status }) => status)).toEqual(['reserved', 'wait'])
  await budgets.settle(id, all[0]?.spender ?? { jobId: 'none' }, {
    id: 'c0',
    model: 'm',
    spent: { status: 'nothing' },
  })
  expect((await reserve(1)).status).toBe('reserved')
})

test('one that takes long is not waited for alone', async () => {
  const { id, budgets, begin } = await aPlan(1)
  const [a, b, c] = await Promise.all([begin('a'), begin('b'), begin('c')])
  const reserve = (callId: string, { spender }: typeof a) =>
    budgets.reserve(id, spender, {
      id: callId,
      model: 'new',
      seen: undefined,
      ...{ least: 0.01, enough: 0.05, most: 0.9, likely: 0.01 },
    })
  expect((await reserve('a', a)).status).toBe('reserved')
  expect((await reserve('b', b)).status).toBe('wait')
  // As if it had begun that much earlier.
  await redis.hincrby(planKey(space, id), 'b:blindAt', -6_000)
  expect((await reserve('b', b)).status).toBe('reserved')
  expect((await reserve('c', c)).status).toBe('wait')
})

test('a call whose quote rests on less than others have shown since is to be quoted again', async () => {
  const { id, budgets, begin } = await aPlan(1)
  const [a, b] = await Promise.all([begin('a'), begin('b')])
  const reserve = (callId: string, seen: Experience | undefined) =>
    budgets.reserve(id, b.spender, { id: callId, model: 'new', seen, ...flat(0.01) })
  const learn = (callId: string, seen: Experience) =>
    budgets.settle(id, a.spender, { id: callId, model: 'new', spent: { status: 'reported', seen } })
  await learn('one', SEEN)
  expect(await reserve('without', undefined)).toEqual({ status: 'outdated' })
  expect((await reserve('with', SEEN)).status).toBe('reserved')
  await learn('two', { ...SEEN, tokensPerByte: 1 / 3 })
  expect(await reserve('with-less', SEEN)).toEqual({ status: 'outdated' })
  const latest = await budgets.experience(id, 'new')
  expect((await reserve('with-the-latest', latest)).status).toBe('reserved')
})

test('money is kept back for calls that may pass their share as another has', async () => {
  const { id, budgets, begin } = await aPlan(1)
  const [a, b, c] = await Promise.all([begin('a'), begin('b'), begin('c')])
  // Small beside what there is, so that both begin.
  const blind = { model: 'new', seen: undefined, ...flat(0.1) }
  await budgets.reserve(id, a.spender, { id: 'a', ...blind })
  await budgets.reserve(id, b.spender, { id: 'b', ...blind })
  const seen = { ...SEEN, overdraftUsd: 0.25 }
  await budgets.count(id, a.spender, cost(0.35))
  await budgets.settle(id, a.spender, {
    id: 'a',
    model: 'new',
    spent: { status: 'reported', seen },
  })
  // 0.65 is left, of which the other may take 0.1 and 0.25 beyond it.
  const reserve = (callId: string, usd: number) =>
    budgets.reserve(id, c.spender, { id: callId, model: 'new', seen, ...flat(usd) })
  expect(await reserve('too-much', 0.31)).toEqual({ status: 'wait' })
  expect((await reserve('what-is-free', 0.3)).status).toBe('reserved')
})

test('what a model has shown is kept for all, the most of each', async () => {
  const { id, budgets, begin } = await aPlan(1)
  const { spender } = await begin('a')
  const learn = (callId: string, tokensPerByte: number, outputTokens: number) =>
    budgets.settle(id, spender, {
      id: callId,
      model: 'openai:x',
      spent: {
        status: 'reported',
        seen: { tokensPerByte, outputTokens, outputBeyond: 0, overdraftUsd: 0 },
      },
    })
  expect(await budgets.experience(id, 'openai:x')).toBeUndefined()
  await learn('one', 0.25, 900)
  await learn('two', 0.3, 100)
  expect(await budgets.experience(id, 'openai:x')).toEqual({
    tokensPerByte: 0.3,
    outputTokens: 900,
    outputBeyond: 0,
    overdraftUsd: 0,
  })
})
