import type { Experience, Quote } from './allowance.ts'
import { costOf, type ModelPrice, type Prices, priceOf } from './prices.ts'

/** A call before it is made. */
export interface PlannedCall {
  /** `provider:model`. */
  model: string
  /**
   * UTF-8 bytes of everything that is sent: no tokenizer makes more tokens of a text than it has
   * bytes.
   */
  inputBytes: number
  /** Output tokens that it may use if there is enough money. */
  outputLimit: number
  /** A lower limit would cut it off again, as happened before. */
  outputAtLeast?: number | undefined
}

/** The fewest output tokens with which a call starts if there is no money for more. */
const LEAST_OUTPUT = 256
/** With this many it starts even though more may become available later. */
const ENOUGH_OUTPUT = { unknown: 8_000, known: 1_000 }
/** How much longer than any previous answer the next one may be and still fit. */
const ROOM = 4
/** Assumed output tokens of a call about which nothing is known. */
const LIKELY_OUTPUT = 4_000
/** How far the next text may deviate from what was seen: code, prose and data differ in density. */
const MARGIN = { denser: 2, beyond: 1.25 }

/**
 * What a call can cost, in US dollars; `undefined` if it is free whatever it does.
 *
 * At first the input is bounded strictly. Once calls of the model have been seen, the bound is
 * twice the densest text of the plan so far, which is much closer. A provider that counts more
 * tokens than bytes is believed.
 */
export function quoteOf(
  call: PlannedCall,
  seen: Experience | undefined,
  prices: Prices,
): Quote | undefined {
  const price = priceOf(call.model, prices)
  if (price === undefined || isFree(price)) return undefined
  const input = inputTokensOf(call.inputBytes, seen)
  const cost = (outputTokens: number) => dearest(call.model, input, outputTokens, prices)
  const { outputLimit: limit, outputAtLeast = 0 } = call
  const { outputTokens: longest = 0, outputBeyond = 0 } = seen ?? {}
  const begin = Math.max(LEAST_OUTPUT, outputAtLeast, longest)
  const comfort = seen === undefined ? ENOUGH_OUTPUT.unknown : ROOM * longest
  const enough = Math.max(ENOUGH_OUTPUT.known, outputAtLeast, comfort)
  return {
    least: cost(Math.max(outputBeyond, Math.min(limit, begin))),
    enough: cost(Math.max(outputBeyond, Math.min(limit, enough))),
    most: cost(Math.max(outputBeyond, limit)),
    likely: dearest(
      call.model,
      Math.ceil(call.inputBytes * (seen?.tokensPerByte ?? 1)),
      seen?.outputTokens ?? Math.min(limit, LIKELY_OUTPUT),
      prices,
    ),
  }
}

/** The output tokens that an amount pays for in addition to the call's input. */
export function outputTokensFor(
  usd: number,
  call: PlannedCall,
  seen: Experience | undefined,
  prices: Prices,
): number {
  const input = inputTokensOf(call.inputBytes, seen)
  const without = dearest(call.model, input, 0, prices)
  const each = (dearest(call.model, input, 1_000_000, prices) - without) / 1_000_000
  if (each <= 0) return call.outputLimit
  // Guards against rounding errors.
  const tokens = Math.floor((usd - without) / each + 1e-6)
  return Math.max(1, Math.min(call.outputLimit, tokens))
}

/** What a reported call reveals about the next one. */
export function experienceOf(
  call: { inputBytes: number; outputLimit: number; reservedUsd: number },
  usage: { inputTokens: number; outputTokens: number; costUsd: number },
): Experience {
  const { inputTokens, outputTokens, costUsd } = usage
  return {
    tokensPerByte: inputTokens / Math.max(1, call.inputBytes),
    outputTokens,
    outputBeyond: outputTokens > call.outputLimit ? outputTokens : 0,
    overdraftUsd: Math.max(0, costUsd - call.reservedUsd),
  }
}

function inputTokensOf(bytes: number, seen: Experience | undefined): number {
  if (seen === undefined) return bytes
  const { tokensPerByte } = seen
  const density = Math.max(
    Math.min(1, tokensPerByte * MARGIN.denser),
    tokensPerByte * MARGIN.beyond,
  )
  return Math.ceil(bytes * density)
}

/** Prices all input as written to the cache if that costs more. */
function dearest(model: string, inputTokens: number, outputTokens: number, prices: Prices): number {
  const written = { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: inputTokens }
  const plain = { ...written, cacheWriteTokens: 0 }
  return Math.max(costOf(model, written, prices), costOf(model, plain, prices))
}

function isFree({ longPrompt, ...rates }: ModelPrice): boolean {
  const all = [rates, ...(longPrompt === undefined ? [] : [longPrompt])]
  return all.every(
    ({ inputPerMTok, outputPerMTok, cacheReadPerMTok, cacheWritePerMTok }) =>
      inputPerMTok + outputPerMTok + cacheReadPerMTok + cacheWritePerMTok === 0,
  )
}
