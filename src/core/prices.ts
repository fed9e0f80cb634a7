import list from './prices.json' with { type: 'json' }
import type { Usage } from './usage.ts'

/** US dollars per million tokens. */
interface Rates {
  /** Input that was neither read from a cache nor written to one. */
  inputPerMTok: number
  outputPerMTok: number
  cacheReadPerMTok: number
  cacheWritePerMTok: number
}

export interface ModelPrice extends Rates {
  /** What a call costs as a whole when its input, cached or not, is longer than this. */
  longPrompt?: Rates & { aboveInputTokens: number }
}

/** Where the prices are from and the day they were read; by `provider:model`. */
export interface Prices {
  source: string
  date: string
  models: Record<string, ModelPrice>
}

export const PRICES: Prices = list

/** A model that runs on the operator's own machine has no price per token. */
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
