import { expect, test } from 'vitest'
import {
  costOf,
  OwnPrices,
  PRICES,
  type Prices,
  priceOf,
  pricesWith,
} from '../../../src/core/budget/prices.ts'

const tokens = (
  inputTokens: number,
  outputTokens = 0,
  cacheReadTokens = 0,
  cacheWriteTokens = 0,
) => ({
  inputTokens,
  outputTokens,
  cacheReadTokens,
  cacheWriteTokens,
})

test('prices say their source and date', () => {
  expect(PRICES.source).toMatch(/pricing/)
  expect(PRICES.date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
})

test('every price is one that somebody could ask', () => {
  for (const [model, price] of Object.entries(PRICES.models)) {
    expect(model).toMatch(/^(anthropic|openai):\S+$/)
    for (const rates of [price, price.longPrompt ?? price]) {
      expect(rates.inputPerMTok, model).toBeGreaterThan(0)
      expect(rates.outputPerMTok, model).toBeGreaterThan(rates.inputPerMTok)
      expect(rates.cacheReadPerMTok, model).toBeLessThanOrEqual(rates.inputPerMTok)
      expect(rates.cacheWritePerMTok, model).toBeGreaterThanOrEqual(rates.inputPerMTok)
    }
  }
})

test('knows dated snapshots of a model, and what runs on the own machine', () => {
  const sonnet = PRICES.models['anthropic:claude-sonnet-4-5']
  expect(priceOf('anthropic:claude-sonnet-4-5-20250929')).toBe(sonnet)
  expect(priceOf('openai:gpt-5-2025-08-07')).toBe(PRICES.models['openai:gpt-5'])
  expect(priceOf('local:qwen3:8b')).toMatchObject({ inputPerMTok: 0, outputPerMTok: 0 })
  expect(priceOf('openai:no-such-model')).toBeUndefined()
})

const OWN: Prices = {
  source: 'a test',
  date: '2026-11-23',
  models: {
    'acme:one': {
      inputPerMTok: 10,
      outputPerMTok: 100,
      cacheReadPerMTok: 1,
      cacheWritePerMTok: 12.5,
      longPrompt: {
        aboveInputTokens: 100_000,
        inputPerMTok: 20,
        outputPerMTok: 200,
        cacheReadPerMTok: 2,
        cacheWritePerMTok: 25,
      },
    },
  },
}

test('what was read from a cache or written to one is not paid for twice', () => {
  expect(costOf('acme:one', tokens(1_000), OWN)).toBeCloseTo(0.01)
  expect(costOf('acme:one', tokens(0, 1_000), OWN)).toBeCloseTo(0.1)
  expect(costOf('acme:one', tokens(10_000, 0, 6_000, 3_000), OWN)).toBeCloseTo(
    (1_000 * 10 + 6_000 * 1 + 3_000 * 12.5) / 1e6,
  )
})

test('a long prompt makes the whole call dearer', () => {
  expect(costOf('acme:one', tokens(100_000), OWN)).toBeCloseTo(1)
  expect(costOf('acme:one', tokens(200_000, 1_000, 100_000), OWN)).toBeCloseTo(
    (100_000 * 20 + 100_000 * 2 + 1_000 * 200) / 1e6,
  )
})

test('a model without a price costs nothing that is known', () => {
  expect(costOf('acme:two', tokens(1_000, 1_000), OWN)).toBe(0)
})

test("the operator's prices come before the list, and need not name what caches cost", () => {
  const own = OwnPrices.parse({
    models: {
      'local:big': { inputPerMTok: 1, outputPerMTok: 2 },
      'openai:gpt-4o': { ...PRICES.models['openai:gpt-4o'], inputPerMTok: 2 },
      'local:free': { inputPerMTok: 0, outputPerMTok: 0 },
    },
  })
  const prices = pricesWith(own)
  expect(costOf('local:big', tokens(1_000_000, 0, 500_000), prices)).toBe(1)
  expect(priceOf('openai:gpt-4o', prices)?.inputPerMTok).toBe(2)
  expect(priceOf('openai:gpt-4o-mini', prices)).toEqual(priceOf('openai:gpt-4o-mini'))
  expect(priceOf('local:free', prices)?.outputPerMTok).toBe(0)
  expect(pricesWith(OwnPrices.parse({}))).toBe(PRICES)
})

test('a price without its model, or below nothing, is refused', () => {
  for (const models of [
    { 'gpt-4o': { inputPerMTok: 1, outputPerMTok: 2 } },
    { 'openai:x': { inputPerMTok: -1, outputPerMTok: 2 } },
    { 'openai:x': { inputPerMTok: 1 } },
  ]) {
    expect(OwnPrices.safeParse({ models }).success).toBe(false)
  }
})
