import { z } from 'zod'
import type { Usage } from '../contract/usage.ts'
import list from './prices.json' with { type: 'json' }

const usd = z.number().min(0)

/** US dollars per million tokens. */
const Rates = z.object({
  /** Input that was neither read from a cache nor written to one. */
  inputPerMTok: usd,
  outputPerMTok: usd,
  cacheReadPerMTok: usd,
  cacheWritePerMTok: usd,
})

const ModelPrice = Rates.extend({
  /** What a call costs as a whole when its input, cached or not, is longer than this. */
  longPrompt: Rates.extend({ aboveInputTokens: z.int().min(1) }).optional(),
})
export type ModelPrice = z.output<typeof ModelPrice>

/** Where the prices are from and the day they were read; by `provider:model`. */
export interface Prices {
  source: string
  date: string
  models: Record<string, ModelPrice>
}

export const PRICES: Prices = list

/** Prices of the operator's own, in the form of `prices.json`. */
export const OwnPrices = z.strictObject({
  source: z.string().optional(),
  date: z.string().optional(),
  currency: z.literal('USD').optional(),
  models: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*:\S+$/, 'must be `provider:model`'),
      z.union([
        ModelPrice,
        // What is read from a cache or written to one costs what other input does.
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

/** The list, with the operator's own prices before it. */
export function pricesWith(own: OwnPrices): Prices {
  if (Object.keys(own.models).length === 0) return PRICES
  return {
    source: `${own.source ?? "The operator's prices"}; ${PRICES.source}`,
    date: own.date ?? PRICES.date,
    models: { ...PRICES.models, ...own.models },
  }
}

/** A model that runs on the operator's own machine has no price per token, unless one is given. */
const FREE: ModelPrice = {
  inputPerMTok: 0,
  outputPerMTok: 0,
  cacheReadPerMTok: 0,
  cacheWritePerMTok: 0,
}

/**
 * The price of a model, of a dated snapshot (`…-20250929`, `…-2026-03-05`) or of `…-latest`.
 * `undefined` where it is not known: such a model must not be taken for a free one.
 */
export function priceOf(model: string, prices: Prices = PRICES): ModelPrice | undefined {
  const known = prices.models[model]
  if (known !== undefined) return known
  if (model.startsWith('local:')) return FREE
  return prices.models[model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '')]
}

/** What one call of a model cost, in US dollars; 0 where its price is not known. */
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
