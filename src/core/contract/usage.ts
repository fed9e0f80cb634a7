import { z } from 'zod'

/** What an attempt, a task or a plan has used. Every attempt counts once, including failed ones. */
export const Usage = z
  .object({
    /** All input tokens, including those read from or written to a cache. */
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    cacheReadTokens: z.int().min(0),
    cacheWriteTokens: z.int().min(0),
    /** Model calls. */
    steps: z.int().min(0),
    /** At the prices of `prices.json`; 0 for a model without a known price. */
    costUsd: z.number().min(0),
  })
  .meta({ id: 'Usage' })
export type Usage = z.output<typeof Usage>

export const NO_USAGE: Usage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  steps: 0,
  costUsd: 0,
})

/** Far more than any attempt can use, yet sums of such counts still fit into the store. */
const MOST_TOKENS = 1e12
const MOST_USD = 1e6

/**
 * Clamps usage reported by a provider or an agent to whole counts within bounds that can be stored.
 */
export function boundedUsage(told: Usage): Usage {
  const count = (value: number) => Math.round(bounded(value, MOST_TOKENS))
  return {
    inputTokens: count(told.inputTokens),
    outputTokens: count(told.outputTokens),
    cacheReadTokens: count(told.cacheReadTokens),
    cacheWriteTokens: count(told.cacheWriteTokens),
    steps: count(told.steps),
    costUsd: bounded(told.costUsd, MOST_USD),
  }
}

/** NaN and negative numbers count as 0. */
function bounded(value: number, most: number): number {
  return value > 0 ? Math.min(value, most) : 0
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    steps: a.steps + b.steps,
    costUsd: a.costUsd + b.costUsd,
  }
}

/** Adds up the reports of several calls, each of which always reports its total so far. */
export interface UsageTally {
  total(): Usage
  /** Creates a meter for one of the calls. */
  meter(): (latest: Usage) => void
}

export function usageTally(onChange: (total: Usage) => void = () => {}): UsageTally {
  let total = NO_USAGE
  return {
    total: () => total,
    meter() {
      let counted = NO_USAGE
      return (told) => {
        const latest = boundedUsage(told)
        total = addUsage(total, usageSince(counted, latest))
        counted = latest
        onChange(total)
      }
    },
  }
}

export function usageSince(before: Usage, now: Usage): Usage {
  return {
    inputTokens: now.inputTokens - before.inputTokens,
    outputTokens: now.outputTokens - before.outputTokens,
    cacheReadTokens: now.cacheReadTokens - before.cacheReadTokens,
    cacheWriteTokens: now.cacheWriteTokens - before.cacheWriteTokens,
    steps: now.steps - before.steps,
    costUsd: now.costUsd - before.costUsd,
  }
}
