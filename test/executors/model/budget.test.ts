import { afterEach, expect, test } from 'vitest'
import type { Allowance, Quote, Spent } from '../../../src/core/budget/allowance.ts'
import { modelExecutor } from '../../../src/executors/model/executor.ts'
import {
  type Answer,
  type BillingProvider,
  startBillingProvider,
} from '../../support/billing-provider.ts'
import { aContext, aRequest } from '../requests.ts'

let provider: BillingProvider | undefined
afterEach(async () => {
  await provider?.close()
  provider = undefined
})

/** Grants requests up to an amount, and records how they are settled. */
function anAllowance(most: number): Allowance & { quotes: Quote[]; spent: Spent[] } {
  const quotes: Quote[] = []
  const spent: Spent[] = []
  return {
    quotes,
    spent,
    async reserve(_model, quoteOf) {
      const quote = quoteOf(undefined)
      quotes.push(quote)
      if (quote.least > most) return undefined
      const settle = async (end: Spent) => {
        spent.push(end)
      }
      return { usd: Math.min(most, quote.most), settle }
    },
  }
}

async function run(
  answers: Answer[],
  allowance: Allowance,
  options: { spec?: object; signal?: AbortSignal } = {},
) {
  const script = [...answers]
  const fake = await startBillingProvider(() => script.shift() ?? {})
  provider = fake
  const executor = modelExecutor({
    providers: { openaiApiKey: 'sk-test', openaiBaseUrl: fake.url },
    defaultModel: 'openai:gpt-4o',
  })
  const context = { ...aContext(options.signal), allowance }
  const result = executor.execute(aRequest(options.spec), context)
  return { result, context, fake }
}

test('a call is made with a limit that is paid for, and its cost is settled once', async () => {
  const allowance = anAllowance(10)
  const { result, fake } = await run([{ outputTokens: 50 }], allowance)
  expect(await result).toMatchObject({ status: 'succeeded' })
  expect(fake.calls.map(({ maxTokens }) => maxTokens)).toEqual([16_000])
  expect(allowance.spent).toMatchObject([
    { status: 'reported', seen: { outputTokens: 50, outputBeyond: 0 } },
  ])
  expect(fake.billedUsd()).toBeLessThanOrEqual(allowance.quotes[0]?.most ?? 0)
})

test("the caller's limit applies if it is lower", async () => {
  const { result, fake } = await run([{}], anAllowance(10), {
    spec: { options: { maxOutputTokens: 700 } },
  })
  await result
  expect(fake.calls[0]?.maxTokens).toBe(700)
})

test('a refused call is made again with the same money', async () => {
  const allowance = anAllowance(10)
  const { result } = await run([{ status: 429 }, { status: 429 }, {}], allowance)
  expect(await result).toMatchObject({ status: 'succeeded' })
  expect(allowance.quotes).toHaveLength(1)
  expect(allowance.spent.map(({ status }) => status)).toEqual(['reported'])
})

test('a call that fails lets go of its money', async () => {
  const allowance = anAllowance(10)
  const { result } = await run([{ status: 400 }], allowance)
  await expect(result).rejects.toMatchObject({ code: 'provider-rejected' })
  expect(allowance.spent).toEqual([{ status: 'nothing' }])
})

test('a call that is aborted may have been billed', async () => {
  const allowance = anAllowance(10)
  const controller = new AbortController()
  const { result } = await run([{ delayMs: 5_000 }], allowance, { signal: controller.signal })
  while (allowance.quotes.length === 0) await new Promise(setImmediate)
  await expect.poll(() => provider?.mostAtOnce()).toBe(1)
  controller.abort(new Error('enough'))
  await expect(result).rejects.toThrow()
  expect(allowance.spent).toEqual([{ status: 'unknown' }])
})

test('without money no call is made', async () => {
  const { result, fake } = await run([{}], anAllowance(0.000_001))
  await expect(result).rejects.toMatchObject({ code: 'budget-exhausted' })
  expect(fake.calls).toHaveLength(0)
})

test('an answer that is cut off where the budget lowered the limit is incomplete, for that reason', async () => {
  const { result, fake } = await run(
    [{ outputTokens: 9_000, text: 'The first half' }, { outputTokens: 9_000 }],
    anAllowance(0.02),
  )
  expect(await result).toMatchObject({
    status: 'incomplete',
    reason: { code: 'budget-exhausted' },
    output: { text: 'The first half' },
  })
  expect(fake.calls).toHaveLength(1)
})

test('it is asked for again with a higher limit while there is money for that', async () => {
  let left = 0.02
  const allowance: Allowance = {
    async reserve(_model, quoteOf) {
      const usd = left
      left = 10
      const { most } = quoteOf(undefined)
      return { usd: Math.min(usd, most), async settle() {} }
    },
  }
  const { result, fake } = await run(
    [{ outputTokens: 9_000 }, { outputTokens: 9_000, text: 'All of it' }],
    allowance,
  )
  expect(await result).toMatchObject({ status: 'succeeded', output: { text: 'All of it' } })
  expect(fake.calls).toHaveLength(2)
  expect((await result).usage.costUsd).toBeCloseTo(fake.billedUsd(), 9)
})

test('a model of the operator that costs nothing needs no money, and gets no limit', async () => {
  const fake = await startBillingProvider(() => ({}))
  provider = fake
  const executor = modelExecutor({
    providers: { localBaseUrl: fake.url },
    defaultModel: 'local:any',
  })
  const allowance = anAllowance(0)
  expect(await executor.execute(aRequest(), { ...aContext(), allowance })).toMatchObject({
    status: 'succeeded',
  })
  expect(fake.calls[0]?.maxTokens).toBeUndefined()
  expect(allowance.quotes).toEqual([])
})
