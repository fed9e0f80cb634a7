import fc from 'fast-check'
import { expect, test } from 'vitest'
import { costOf, type Prices } from '../../../src/core/budget/prices.ts'
import { experienceOf, outputTokensFor, quoteOf } from '../../../src/core/budget/quote.ts'

const rates = { inputPerMTok: 4, outputPerMTok: 20, cacheReadPerMTok: 0.4, cacheWritePerMTok: 5 }
const prices: Prices = {
  source: 'a price list',
  date: '2026-01-01',
  models: {
    'test:m': rates,
    'test:long': {
      ...rates,
      longPrompt: { ...rates, inputPerMTok: 8, outputPerMTok: 30, aboveInputTokens: 10_000 },
    },
  },
}
const free: Prices = {
  ...prices,
  models: {
    'local:m': { inputPerMTok: 0, outputPerMTok: 0, cacheReadPerMTok: 0, cacheWritePerMTok: 0 },
  },
}

const aCall = { model: 'test:m', inputBytes: 10_000, outputLimit: 16_000 }
const seen = { tokensPerByte: 0.25, outputTokens: 200, outputBeyond: 0, overdraftUsd: 0 }

const anyCall = fc.record({
  model: fc.constantFrom('test:m', 'test:long'),
  inputBytes: fc.integer({ min: 1, max: 100_000 }),
  outputLimit: fc.integer({ min: 1, max: 64_000 }),
})
const anySeen = fc.option(
  fc.record({
    tokensPerByte: fc.double({ min: 0.1, max: 5, noNaN: true }),
    outputTokens: fc.integer({ min: 0, max: 64_000 }),
    outputBeyond: fc.constantFrom(0, 70_000),
    overdraftUsd: fc.constantFrom(0, 0.3),
  }),
  { nil: undefined },
)

test('a call about which nothing is known costs at most what its bytes and its limit can', () => {
  fc.assert(
    fc.property(anyCall, fc.double({ min: 0, max: 1, noNaN: true }), (call, share) => {
      const input = Math.floor(call.inputBytes * share)
      const tokens = { inputTokens: input, outputTokens: call.outputLimit, cacheReadTokens: 0 }
      const most = quoteOf(call, undefined, prices)?.most ?? 0
      for (const cacheWriteTokens of [0, input]) {
        expect(costOf(call.model, { ...tokens, cacheWriteTokens }, prices)).toBeLessThanOrEqual(
          most + 1e-12,
        )
      }
    }),
  )
})

test('the amounts of a quote are in order', () => {
  fc.assert(
    fc.property(anyCall, anySeen, (call, known) => {
      const quote = quoteOf(call, known, prices)
      expect(quote?.least).toBeLessThanOrEqual(quote?.enough ?? 0)
      expect(quote?.enough).toBeLessThanOrEqual(quote?.most ?? 0)
    }),
  )
})

test('the limit that an amount pays for costs no more than that amount', () => {
  fc.assert(
    fc.property(
      anyCall,
      anySeen.map((known) => known && { ...known, outputBeyond: 0 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (call, known, share) => {
        const { least = 0, most = 0 } = quoteOf(call, known, prices) ?? {}
        const usd = least + (most - least) * share
        const limit = outputTokensFor(usd, call, known, prices)
        expect(limit).toBeLessThanOrEqual(call.outputLimit)
        const again = quoteOf({ ...call, outputLimit: limit }, known, prices)
        expect(again?.most).toBeLessThanOrEqual(usd + 1e-9)
      },
    ),
  )
})

test('with what calls have shown, less is set aside', () => {
  const before = quoteOf(aCall, undefined, prices)
  const after = quoteOf(aCall, seen, prices)
  expect(after?.most).toBeLessThan(before?.most ?? 0)
  expect(after?.enough).toBeLessThan((before?.enough ?? 0) / 4)
})

test('a provider that counts more tokens than there are bytes is believed', () => {
  const dense = quoteOf(aCall, { ...seen, tokensPerByte: 8 }, prices)
  expect(dense?.least).toBeGreaterThan((80_000 * 5) / 1e6)
})

test('one that writes more than it was allowed is expected to do so again', () => {
  const heedless = experienceOf(
    { inputBytes: 10_000, outputLimit: 1_000, reservedUsd: 0.25 },
    { inputTokens: 2_500, outputTokens: 50_000, costUsd: 1 },
  )
  expect(heedless).toEqual({
    tokensPerByte: 0.25,
    outputTokens: 50_000,
    outputBeyond: 50_000,
    overdraftUsd: 0.75,
  })
  const quote = quoteOf({ ...aCall, outputLimit: 1_000 }, heedless, prices)
  expect(quote?.least).toBeGreaterThan((50_000 * 20) / 1e6)
})

test('a call that was cut off is not begun again with as little', () => {
  const quote = quoteOf({ ...aCall, outputAtLeast: 4_000 }, seen, prices)
  expect(quote?.least).toBeGreaterThan((4_000 * 20) / 1e6)
})

test('what costs nothing, and what has no price, needs no money', () => {
  expect(quoteOf({ ...aCall, model: 'local:m' }, undefined, free)).toBeUndefined()
  expect(quoteOf({ ...aCall, model: 'test:unknown' }, undefined, prices)).toBeUndefined()
})
