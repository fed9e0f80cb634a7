import { isUnavailable } from '../contract/errors.ts'
import { untilAborted } from '../timing/until-aborted.ts'
import type { Allowance, BudgetStore, Quote, Reservation, Spender } from './allowance.ts'

export interface AllowanceDeps {
  budgets: BudgetStore
  newToken: () => string
  /** Resolves early when the signal aborts. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>
  onFault: (error: unknown, planId: string) => void
}

/** What a plan's budget leaves for a spender; `undefined` for a plan without a budget. */
export type AllowanceOf = (
  plan: { id: string; policy: { budgetUsd?: number | undefined } },
  spender: Spender,
) => Allowance | undefined

/** How often the first in line checks whether another process has released money. */
const LOOK_AGAIN_MS = 200

/** The calls of one plan in this process that wait for money, one behind the other. */
interface Line {
  length: number
  last: Promise<void>
  /** Makes the first in line check again at once. */
  wake: () => void
}

/**
 * Only the longest-waiting call of a plan asks the store, so that a thousand waiting calls cost no
 * more than one, and small calls cannot keep overtaking a large one.
 */
export function allowances(deps: AllowanceDeps): AllowanceOf {
  const lines = new Map<string, Line>()

  async function ask(
    planId: string,
    spender: Spender,
    model: string,
    quoteOf: Parameters<Allowance['reserve']>[1],
  ): Promise<Reservation | 'wait' | 'exhausted' | 'outdated'> {
    const seen = await deps.budgets.experience(planId, model)
    const quote: Quote = quoteOf(seen)
    const id = deps.newToken()
    const call = { id, model, seen, ...quote }
    const answer = await deps.budgets.reserve(planId, spender, call)
    if (answer.status !== 'reserved') return answer.status
    return {
      usd: answer.usd,
      async settle(spent) {
        try {
          await deps.budgets.settle(planId, spender, { id, model, spent })
        } catch (error) {
          // It is released with its spender at the latest.
          deps.onFault(error, planId)
        }
        lines.get(planId)?.wake()
      },
    }
  }

  async function lineUp<T>(
    planId: string,
    signal: AbortSignal,
    atHead: (line: Line) => Promise<T>,
  ): Promise<T> {
    const line = lines.get(planId) ?? { length: 0, last: Promise.resolve(), wake() {} }
    lines.set(planId, line)
    const before = line.last
    const { promise, resolve: leave } = Promise.withResolvers<void>()
    line.last = promise
    line.length += 1
    try {
      await untilAborted(before, signal)
      return await atHead(line)
    } finally {
      line.length -= 1
      if (line.length === 0) lines.delete(planId)
      // A call that gives up midway must not let the next one in before its turn.
      void before.then(leave)
    }
  }

  const allowance = (planId: string, spender: Spender): Allowance => ({
    reserve: (model, quote, signal) =>
      lineUp(planId, signal, async (line) => {
        while (true) {
          // Set before asking, so that money released in the meantime is not missed.
          const alarm = new AbortController()
          line.wake = () => alarm.abort()
          const answer = await ask(planId, spender, model, quote).catch((error: unknown) => {
            // Keep waiting until the store is back; an outage must not cost an attempt.
            if (isUnavailable(error)) return 'wait' as const
            throw error
          })
          if (answer === 'exhausted') return undefined
          if (answer === 'outdated') continue
          if (answer !== 'wait') return answer
          await deps.pause(LOOK_AGAIN_MS, AbortSignal.any([signal, alarm.signal]))
          signal.throwIfAborted()
        }
      }),
  })

  return (plan, spender) =>
    plan.policy.budgetUsd === undefined ? undefined : allowance(plan.id, spender)
}

/**
 * For sequential calls that are made before a plan exists, such as those that plan its tasks.
 * `spent` is what they have used so far.
 */
export function soleAllowance(budgetUsd: number, spent: () => number): Allowance {
  let unknownUsd = 0
  return {
    async reserve(_model, quoteOf, signal) {
      signal.throwIfAborted()
      const quote = quoteOf(undefined)
      const left = budgetUsd - spent() - unknownUsd
      if (left < quote.least) return undefined
      return {
        usd: Math.min(left, quote.most),
        async settle({ status }) {
          if (status === 'unknown') unknownUsd += quote.likely
        },
      }
    },
  }
}
