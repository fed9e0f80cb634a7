import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { BudgetStore, Experience, Quote } from '../../../src/core/budget/allowance.ts'
import { allowances, soleAllowance } from '../../../src/core/budget/allowances.ts'

const forever = new AbortController().signal
const quoteOf = (usd: number) => (): Quote => ({ least: usd, enough: usd, most: usd, likely: usd })

/** Budgets in memory, of one amount each. */
function aStore(budgetUsd: number) {
  const held = new Map<string, number>()
  let asked = 0
  const budgets: BudgetStore = {
    async count() {},
    async experience() {
      return undefined
    },
    async reserve(_planId, _spender, { id, least }) {
      asked += 1
      if (least > budgetUsd) return { status: 'exhausted' }
      const free = budgetUsd - [...held.values()].reduce((sum, usd) => sum + usd, 0)
      if (free < least) return { status: 'wait' }
      held.set(id, least)
      return { status: 'reserved', usd: least }
    },
    async settle(_planId, _spender, { id }) {
      held.delete(id)
    },
  }
  return { budgets, asked: () => asked }
}

let ids = 0
function anAllowanceOf(budgets: BudgetStore, taskId: string) {
  const of = allowances({
    budgets,
    newToken: () => `id-${ids++}`,
    // Only somebody who lets go of money ends a pause.
    pause: (_ms, signal) => delay(60_000, undefined, { signal }).catch(() => undefined),
    onFault: (error) => {
      throw error
    },
  })
  return (name = taskId) =>
    of({ id: 'p', policy: { budgetUsd: 1 } }, { taskId: name, attempt: 1 }) ??
    expect.fail('no allowance')
}

test('a plan without a budget has no allowance', () => {
  const { budgets } = aStore(1)
  const of = allowances({
    budgets,
    newToken: () => '',
    pause: async () => {},
    onFault: () => {},
  })
  expect(of({ id: 'p', policy: {} }, { taskId: 'a', attempt: 1 })).toBeUndefined()
})

test('those that wait are served in their order, as soon as others let go', async () => {
  const { budgets, asked } = aStore(1)
  const of = anAllowanceOf(budgets, 'a')
  const first = await of().reserve('m', quoteOf(1), forever)
  const order: string[] = []
  const waiting = ['b', 'c', 'd'].map(async (name) => {
    const reservation = await of(name).reserve('m', quoteOf(1), forever)
    order.push(name)
    await reservation?.settle({ status: 'nothing' })
  })
  await expect.poll(asked).toBe(2)
  await first?.settle({ status: 'nothing' })
  await Promise.all(waiting)
  expect(order).toEqual(['b', 'c', 'd'])
  // The head alone asked while all three waited.
  expect(asked()).toBe(5)
})

test('one that is aborted while it waits gives up immediately, and delays nobody', async () => {
  const { budgets, asked } = aStore(1)
  const of = anAllowanceOf(budgets, 'a')
  const first = await of().reserve('m', quoteOf(1), forever)
  const [head, middle] = [new AbortController(), new AbortController()]
  const b = of('b').reserve('m', quoteOf(1), head.signal)
  const c = of('c').reserve('m', quoteOf(1), middle.signal)
  const d = of('d').reserve('m', quoteOf(1), forever)
  await expect.poll(asked).toBe(2)
  middle.abort(new Error('enough of c'))
  await expect(c).rejects.toThrow('enough of c')
  head.abort(new Error('enough of b'))
  await expect(b).rejects.toThrow('enough of b')
  await first?.settle({ status: 'nothing' })
  expect(await d).toMatchObject({ usd: 1 })
})

test('a call is quoted again with what others have shown in the meantime', async () => {
  const { budgets } = aStore(1)
  const latest = { tokensPerByte: 0.5, outputTokens: 9, outputBeyond: 0, overdraftUsd: 0 }
  let shown: Experience | undefined
  const allowance = anAllowanceOf(
    {
      ...budgets,
      async experience() {
        return shown
      },
      async reserve(planId, spender, call) {
        if (call.seen === latest) return budgets.reserve(planId, spender, call)
        shown = latest
        return { status: 'outdated' }
      },
    },
    'a',
  )()
  const quotes: (Experience | undefined)[] = []
  const quote = (seen: Experience | undefined) => {
    quotes.push(seen)
    return quoteOf(0.4)()
  }
  expect(await allowance.reserve('m', quote, forever)).toMatchObject({ usd: 0.4 })
  expect(quotes).toEqual([undefined, latest])
})

test('more than the whole budget is not waited for', async () => {
  const { budgets } = aStore(1)
  expect(await anAllowanceOf(budgets, 'a')().reserve('m', quoteOf(2), forever)).toBeUndefined()
})

test('before there is a plan, what was spent and what may have been is gone', async () => {
  let spent = 0
  const allowance = soleAllowance(1, () => spent)
  const quote = (): Quote => ({ least: 0.1, enough: 0.1, most: 0.6, likely: 0.3 })
  const reserve = () => allowance.reserve('m', quote, forever)
  const first = await reserve()
  expect(first?.usd).toBe(0.6)
  await first?.settle({ status: 'unknown' })
  spent = 0.5
  expect((await reserve())?.usd).toBeCloseTo(0.2)
  spent = 0.65
  expect(await reserve()).toBeUndefined()
})
