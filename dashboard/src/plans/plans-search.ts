import { isPlanStatus } from '../../../src/client/status.ts'
import type { PlanStatus } from '../api/types.ts'

const HOUR_MS = 3_600_000

/** How far back plans are listed. */
export const PERIODS = {
  hour: { label: 'Last hour', ms: HOUR_MS },
  day: { label: 'Last 24 hours', ms: 24 * HOUR_MS },
  week: { label: 'Last 7 days', ms: 7 * 24 * HOUR_MS },
  month: { label: 'Last 30 days', ms: 30 * 24 * HOUR_MS },
} as const
export type Period = keyof typeof PERIODS

/** Minimum cost of a plan, in US dollars. */
export const COSTS = [0.01, 0.1, 1, 10] as const

/** The filter of the list, as in the address. */
export interface PlansSearch {
  q?: string | undefined
  status?: PlanStatus | undefined
  since?: Period | undefined
  cost?: number | undefined
}

export function parsePlansSearch(search: Record<string, unknown>): PlansSearch {
  const { q, status, since, cost } = search
  // The router reads a text of digits as a number.
  const text = typeof q === 'number' ? `${q}` : q
  const period = Object.keys(PERIODS).find((name) => name === since) as Period | undefined
  const least = COSTS.find((usd) => usd === Number(cost))
  return {
    ...(typeof text === 'string' && text !== '' ? { q: text } : {}),
    ...(isPlanStatus(status) ? { status } : {}),
    ...(period === undefined ? {} : { since: period }),
    ...(least === undefined ? {} : { cost: least }),
  }
}

export function isFiltered({ q, status, since, cost }: PlansSearch): boolean {
  return [q, status, since, cost].some((part) => part !== undefined)
}
