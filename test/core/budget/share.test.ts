import { expect, test } from 'vitest'
import type { Allowance, Quote } from '../../../src/core/budget/allowance.ts'
import { shareOf } from '../../../src/core/budget/share.ts'

const { signal } = new AbortController()
const quote = (least: number, most: number): Quote => ({
  least,
  enough: least,
  most,
  likely: least,
})

/** An allowance that grants the maximum of every request. */
const rich: Allowance = {
  async reserve(_model, quoteOf) {
    return { usd: quoteOf(undefined).most, async settle() {} }
  },
}

test('calls from a share get no more than the rest of it', async () => {
  let spent = 0
  const share = shareOf(rich, 1, () => spent)
  const first = await share.reserve('m', () => quote(0.1, 0.7), signal)
  expect(first?.usd).toBe(0.7)
  const second = await share.reserve('m', () => quote(0.1, 0.7), signal)
  expect(second?.usd).toBeCloseTo(0.3)
  spent = 0.95
  await first?.settle({ status: 'reported' })
  await second?.settle({ status: 'reported' })
  expect(await share.reserve('m', () => quote(0.1, 0.7), signal)).toBeUndefined()
})

test('a call waits for what others may leave of a share, and what may have been billed is counted', async () => {
  const share = shareOf(rich, 0.3, () => 0)
  const first = await share.reserve('m', () => quote(0.2, 0.3), signal)
  const second = share.reserve('m', () => quote(0.2, 0.3), signal)
  await first?.settle({ status: 'nothing' })
  const given = await second
  expect(given?.usd).toBe(0.3)
  const third = share.reserve('m', () => quote(0.2, 0.3), signal)
  await given?.settle({ status: 'unknown' })
  expect(await third).toBeUndefined()
})

test('a call that turns out to need more than the share has is not made', async () => {
  const learned: Allowance = {
    async reserve(_model, quoteOf) {
      const seen = { tokensPerByte: 1, outputTokens: 9, outputBeyond: 0, overdraftUsd: 0 }
      return { usd: quoteOf(seen).most, async settle() {} }
    },
  }
  const share = shareOf(learned, 1, () => 0)
  const dearer = share.reserve('m', (seen) => (seen ? quote(2, 3) : quote(0.1, 3)), signal)
  expect(await dearer).toBeUndefined()
})
