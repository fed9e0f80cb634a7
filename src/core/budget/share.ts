import { untilAborted } from '../timing/until-aborted.ts'
import type { Allowance, Experience, Quote, Spent } from './allowance.ts'

/** What is left of a share does not cover the call's latest quote. */
class ShareTooSmall extends Error {}

/**
 * Part of an allowance: all calls made from it together cost at most `usd`.
 *
 * @param spent What they have cost so far, in US dollars.
 */
export function shareOf(whole: Allowance, usd: number, spent: () => number): Allowance {
  // A set rather than a running sum, which would not return to exactly 0.
  const holds = new Set<{ usd: number }>()
  let unknownUsd = 0
  let released = Promise.withResolvers<void>()
  const release = (hold: { usd: number }) => {
    holds.delete(hold)
    released.resolve()
    released = Promise.withResolvers()
  }
  const experience = new Map<string, Experience | undefined>()
  return {
    async reserve(model, quoteOf, signal) {
      while (true) {
        signal.throwIfAborted()
        const held = [...holds].reduce((sum, hold) => sum + hold.usd, 0)
        const left = usd - spent() - unknownUsd - held
        const expected = quoteOf(experience.get(model))
        if (left >= expected.least) {
          const cap = Math.min(left, expected.most)
          const taken = await reserveUpTo(cap, model, quoteOf, signal)
          if (taken !== 'too-small') return taken
        } else if (holds.size === 0) return undefined
        else await untilAborted(released.promise, signal)
      }
    },
  }

  async function reserveUpTo(
    cap: number,
    model: string,
    quoteOf: (seen: Experience | undefined) => Quote,
    signal: AbortSignal,
  ) {
    const hold = { usd: cap }
    holds.add(hold)
    let likely = 0
    try {
      const reservation = await whole.reserve(
        model,
        (seen) => {
          experience.set(model, seen)
          const quote = quoteOf(seen)
          likely = quote.likely
          if (quote.least > cap) throw new ShareTooSmall()
          const { most, enough } = quote
          return { ...quote, most: Math.min(most, cap), enough: Math.min(enough, cap) }
        },
        signal,
      )
      if (reservation === undefined) {
        release(hold)
        return undefined
      }
      hold.usd = reservation.usd
      return {
        usd: reservation.usd,
        async settle(outcome: Spent) {
          if (outcome.status === 'unknown') unknownUsd += likely
          await reservation.settle(outcome)
          release(hold)
        },
      }
    } catch (error) {
      release(hold)
      if (error instanceof ShareTooSmall) return 'too-small' as const
      throw error
    }
  }
}
