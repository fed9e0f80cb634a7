import type { Usage } from '../contract/usage.ts'

// A plan's budget is kept by setting money aside before it can be spent. An amount that is set aside
// is settled when it is known what was spent: what was not is free for others again. See
// docs/decisions/budget.md. All amounts are US dollars.

/** The code with which an attempt and its plan end when the budget runs out. */
export const BUDGET_EXHAUSTED = 'budget-exhausted'
/** The same where the account at the provider has none left, and no waiting helps. */
export const PROVIDER_QUOTA = 'provider-quota'

/**
 * Whether a plan that ends with this code is parked: nothing more of it begins, what runs may end, and
 * what was left out runs when somebody has paid.
 */
export function isParking(code: string | undefined): boolean {
  return code === BUDGET_EXHAUSTED || code === PROVIDER_QUOTA
}

/** What the calls of one model in one plan have shown so far: the most of each. */
export interface Experience {
  /** Tokens that the provider counted, for each byte that it was sent. */
  tokensPerByte: number
  outputTokens: number
  /** Of answers that were longer than their limit, by a provider that does not heed it. */
  outputBeyond: number
  /** US dollars by which a call has cost more than was set aside for it; 0 where none has. */
  overdraftUsd: number
}

/** What a call can cost. */
export interface Quote {
  /** With less than this a call does not begin. */
  least: number
  /** It begins with this while others have set money aside too; with less only once they have not. */
  enough: number
  /** More than this it cannot cost. */
  most: number
  /** What such a call costs as a rule: counted where it may have been billed and nobody said so. */
  likely: number
}

/** What became of the call that money was set aside for. */
export type Spent =
  /** Its cost was told as usage before this. `seen` is what others learn from it. */
  | { status: 'reported'; seen?: Experience | undefined }
  /** It was refused, or never made. */
  | { status: 'nothing' }
  /** It may have been billed: it broke off, or its provider counts nothing. */
  | { status: 'unknown' }

export interface Reservation {
  usd: number
  /** Lets go of the money. Called once; never rejects. */
  settle(spent: Spent): Promise<void>
}

/** What the budget of a plan leaves to one attempt or synthesis. */
export interface Allowance {
  /**
   * Sets money aside for one call of `model` (`provider:model`, or a name of the caller's own): from
   * `least` to `most` of its quote. Waits while others hold what may yet be left to it, and quotes
   * again when they have learned something. `undefined`: less than `least` is left, so the budget is
   * used up. Rejects with the signal's reason as soon as it aborts.
   */
  reserve(
    model: string,
    quote: (seen: Experience | undefined) => Quote,
    signal: AbortSignal,
  ): Promise<Reservation | undefined>
}

/** Who sets money aside: an attempt that runs, or a synthesis. */
export type Spender = { taskId: string; attempt: number } | { jobId: string }

/** What all plans have used and set aside, for all processes. */
export interface BudgetStore {
  /** Counts all that an attempt or a synthesis has used so far, while it runs. The latest call wins. */
  count(planId: string, spender: Spender, usage: Usage): Promise<void>
  experience(planId: string, model: string): Promise<Experience | undefined>
  /**
   * In one step: never more than the budget is spent and set aside together. `wait`: others hold what
   * may be left later. `exhausted`: less than `least` is left, or the spender has ended. `outdated`:
   * the quote rests on `seen`, and another call of the model has shown more in the meantime. Without
   * experience one call goes ahead, and others join it slowly.
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
