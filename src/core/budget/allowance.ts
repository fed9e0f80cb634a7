import type { Usage } from '../contract/usage.ts'

// A plan's budget is kept by reserving money before it can be spent. A reservation is settled once
// it is known what was spent; the rest becomes free again. See docs/decisions/budget.md. All
// amounts are US dollars.

/** The code with which an attempt and its plan end when the budget is used up. */
export const BUDGET_EXHAUSTED = 'budget-exhausted'
/**
 * The same for an account at the provider that has no money left, so that waiting does not help.
 */
export const PROVIDER_QUOTA = 'provider-quota'

/**
 * Whether a plan that ends with this code is parked: nothing new starts, running tasks may finish,
 * and the rest runs once somebody has paid.
 */
export function isParking(code: string | undefined): boolean {
  return code === BUDGET_EXHAUSTED || code === PROVIDER_QUOTA
}

/** The maximum of each value over all calls of one model in one plan. */
export interface Experience {
  /** Tokens that the provider counted per byte sent. */
  tokensPerByte: number
  outputTokens: number
  /** Output tokens beyond the limit, by a provider that does not respect it. */
  outputBeyond: number
  /** US dollars by which a call cost more than was reserved for it; 0 if none did. */
  overdraftUsd: number
}

/** What a call can cost. */
export interface Quote {
  /** A call does not start with less than this. */
  least: number
  /**
   * With this much it starts even while others hold reservations; with less, only once they do not.
   */
  enough: number
  /** It cannot cost more than this. */
  most: number
  /** The usual cost of such a call; assumed if it may have been billed but its cost is unknown. */
  likely: number
  /** It goes out with others, so it does not wait until one of them shows what such calls cost. */
  isTogether?: boolean
}

/** The outcome of the call that money was reserved for. */
export type Spent =
  /** Its cost has already been reported as usage. `seen` is what other calls learn from it. */
  | { status: 'reported'; seen?: Experience | undefined }
  /** It was refused, or never made. */
  | { status: 'nothing' }
  /** It may have been billed: it was cut off, or its provider does not report usage. */
  | { status: 'unknown' }

export interface Reservation {
  usd: number
  /** Releases the reservation. Call it once; it never rejects. */
  settle(spent: Spent): Promise<void>
}

/** What a plan's budget leaves for one attempt or synthesis. */
export interface Allowance {
  /**
   * Reserves money for one call of `model` (`provider:model`, or a name of the caller's choice):
   * between `least` and `most` of its quote. Waits while others hold reservations that may be
   * released, and asks for a new quote when calls have revealed more. `undefined`: less than
   * `least` is left, so the budget is used up. Rejects with the signal's reason as soon as it
   * aborts.
   */
  reserve(
    model: string,
    quote: (seen: Experience | undefined) => Quote,
    signal: AbortSignal,
  ): Promise<Reservation | undefined>
}

/** Who reserves money: a running attempt, or a synthesis. */
export type Spender = { taskId: string; attempt: number } | { jobId: string }

/** What every plan has used and reserved, shared by all processes. */
export interface BudgetStore {
  /**
   * Records everything an attempt or a synthesis has used so far, while it runs. The latest call
   * wins.
   */
  count(planId: string, spender: Spender, usage: Usage): Promise<void>
  experience(planId: string, model: string): Promise<Experience | undefined>
  /**
   * Reserves in one step, so that the budget always covers what is spent and reserved. `wait`:
   * others hold reservations that may be released. `exhausted`: less than `least` is left, or the
   * spender has ended. `outdated`: the quote is based on `seen`, and another call of the model has
   * revealed more in the meantime. While a model is unknown, one call goes ahead, and others join
   * gradually.
   */
  reserve(
    planId: string,
    spender: Spender,
    call: { id: string; model: string; seen: Experience | undefined } & Quote,
  ): Promise<{ status: 'reserved'; usd: number } | { status: 'wait' | 'exhausted' | 'outdated' }>
  settle(
    planId: string,
    spender: Spender,
    call: { id: string; model: string; spent: Spent },
  ): Promise<void>
}
