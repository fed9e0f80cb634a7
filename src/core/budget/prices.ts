import { z } from 'zod'
import type { Usage } from '../contract/usage.ts'
import list from './prices.json' with { type: 'json' }

const usd = z.number().min(0)

/** US dollars per million tokens. */
const Rates = z.object({
  /** Neither read from a cache nor written to one. */
  inputPerMTok: usd,
  outputPerMTok: usd,
  cacheReadPerMTok: usd,
  cacheWritePerMTok: usd,
})

const ModelPrice = Rates.extend({
  /** The rates for the whole call if its input, cached or not, is longer than this. */
  longPrompt: Rates.extend({ aboveInputTokens: z.int().min(1) }).optional(),
})
export type ModelPrice = z.output<typeof ModelPrice>

/** By `provider:model`, with the source of the prices and the day they were read. */
export interface Prices {
  source: string
  date: string
  models: Record<string, ModelPrice>
}

export const PRICES: Prices = list

/** The operator's own prices, in the format of `prices.json`. */
export const OwnPrices = z.strictObject({
  source: z.string().optional(),
  date: z.string().optional(),
  currency: z.literal('USD').optional(),
  models: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*:\S+$/, 'must be `provider:model`'),
      z.union([
        ModelPrice,
        // By default, cached input costs the same as other input.
        z
          .strictObject({ inputPerMTok: usd, outputPerMTok: usd })
          .transform(({ inputPerMTok, outputPerMTok }) => ({
            inputPerMTok,
            outputPerMTok,
            cacheReadPerMTok: inputPerMTok,
            cacheWritePerMTok: inputPerMTok,
          })),
      ]),
    )
    .default({}),
})
export type OwnPrices = z.output<typeof OwnPrices>

/** The published prices, overridden by the operator's own. */
export function pricesWith(own: OwnPrices): Prices {
  if (Object.keys(own.models).length === 0) return PRICES
  return {
    source: `${own.source ?? "The operator's prices"}; ${PRICES.source}`,
    date: own.date ?? PRICES.date,
    models: { ...PRICES.models, ...own.models },
  }
}

/** A model on the operator's own machine has no price per token unless one is given. */
const FREE: ModelPrice = {
  inputPerMTok: 0,
  outputPerMTok: 0,
  cacheReadPerMTok: 0,
  cacheWritePerMTok: 0,
}

/**
 * The price of a model, which may be a dated snapshot (`…-20250929`, `…-2026-03-05`) or `…-latest`.
 * `undefined` if unknown: such a model must not be treated as free.
 */
export function priceOf(model: string, prices: Prices = PRICES): ModelPrice | undefined {
  const known = prices.models[model]
  if (known !== undefined) return known
  if (model.startsWith('local:')) return FREE
  return prices.models[model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '')]
}

/** The cost of one model call in US dollars; 0 if the price is unknown. */
export function costOf(
  model: string,
  usage: Pick<Usage, 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheWriteTokens'>,
  prices: Prices = PRICES,
): number {
  const price = priceOf(model, prices)
  if (price === undefined) return 0
  const { longPrompt } = price
  const isLong = longPrompt !== undefined && usage.inputTokens > longPrompt.aboveInputTokens
  const rates = isLong ? longPrompt : price
  const { cacheReadTokens, cacheWriteTokens } = usage
  const uncached = Math.max(0, usage.inputTokens - cacheReadTokens - cacheWriteTokens)
  const millionths =
    uncached * rates.inputPerMTok +
    cacheReadTokens * rates.cacheReadPerMTok +
    cacheWriteTokens * rates.cacheWritePerMTok +
    usage.outputTokens * rates.outputPerMTok
  return millionths / 1_000_000
}

const halves = new WeakMap<Prices, Prices>()

/** What providers take for calls that come back within a day. */
export function atHalfPrice(prices: Prices): Prices {
  const known = halves.get(prices)
  if (known !== undefined) return known
  const models = Object.fromEntries(
    Object.entries(prices.models).map(([name, { longPrompt, ...rates }]) => [
      name,
      {
        ...halved(rates),
        ...(longPrompt === undefined
          ? {}
          : { longPrompt: { ...longPrompt, ...halved(longPrompt) } }),
      },
    ]),
  )
  const half = { ...prices, models }
  halves.set(prices, half)
  return half
}

function halved(rates: z.output<typeof Rates>): z.output<typeof Rates> {
  return {
    inputPerMTok: rates.inputPerMTok / 2,
    outputPerMTok: rates.outputPerMTok / 2,
    cacheReadPerMTok: rates.cacheReadPerMTok / 2,
    cacheWritePerMTok: rates.cacheWritePerMTok / 2,
  }
}
