import {
  type Allowance,
  BUDGET_EXHAUSTED,
  type Experience,
  type Reservation,
} from '../../../core/budget/allowance.ts'
import type { Prices } from '../../../core/budget/prices.ts'
import {
  experienceOf,
  outputTokensFor,
  type PlannedCall,
  quoteOf,
} from '../../../core/budget/quote.ts'
import { type Failure, PermanentError } from '../../../core/contract/errors.ts'
import type { ProviderModel } from '../models.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/**
 * The output limit of a call in a plan with a budget, unless somebody asked for less. All listed
 * models allow it.
 */
const OUTPUT_LIMIT = 16_000
/** Bytes that providers add to what they are sent, for tools for example. */
const ADDED_BYTES = 1_000
/** The factor by which the limit of a cut-off call is raised. */
const MORE = 4

/** The money for one call, from before it is made until its cost is known. */
export interface CallFunds {
  /**
   * Returns the call with an output limit that is paid for. A reservation made earlier for this
   * call, or for one that was refused, is reused.
   *
   * @throws {PermanentError} `budget-exhausted`
   */
  cover(model: string, call: CallOptions): Promise<CallOptions>
  /** The limit of the last call, if the budget lowered it. */
  lowered(): number | undefined
  /** The answer was cut off at that limit, so the next `cover` must allow more. */
  raise(): void
  /** Its usage was reported. */
  reported(usage: { inputTokens: number; outputTokens: number; costUsd: number }): Promise<void>
  /** It may have been billed, but its cost is unknown. */
  unknown(): Promise<void>
  /** Releases what no call has used. */
  close(): Promise<void>
}

export function callFunds(options: {
  allowance?: Allowance | undefined
  prices: Prices
  signal: AbortSignal
  /** It goes out with others, so it cannot wait to see what they cost. */
  isTogether?: boolean
}): CallFunds {
  const { allowance, prices, signal, isTogether = false } = options
  let held: { planned: PlannedCall; limit: number; reservation: Reservation } | undefined
  let lowered: number | undefined
  let outputAtLeast: number | undefined

  async function cover(model: string, call: CallOptions): Promise<CallOptions> {
    lowered = undefined
    if (allowance === undefined) return call
    const planned: PlannedCall = {
      model,
      inputBytes: bytesOf(call),
      outputLimit: call.maxOutputTokens ?? OUTPUT_LIMIT,
      outputAtLeast,
    }
    if (held === undefined || !covers(held.planned, planned)) {
      await close()
      // A free call needs neither money nor a limit.
      if (quoteOf(planned, undefined, prices) === undefined) return call
      held = await setAside(allowance, planned, call.abortSignal ?? signal)
    }
    if (held.limit < planned.outputLimit) lowered = held.limit
    return { ...call, maxOutputTokens: held.limit }
  }

  async function setAside(from: Allowance, planned: PlannedCall, until: AbortSignal) {
    let seen: Experience | undefined
    const quote = (latest: Experience | undefined) => {
      seen = latest
      const found = quoteOf(planned, latest, prices) ?? { least: 0, enough: 0, most: 0, likely: 0 }
      // Whoever takes over from a dead process gets the answer that it has waited for.
      return isTogether ? { ...found, likely: 0, isTogether } : found
    }
    const reservation = await from.reserve(planned.model, quote, until)
    if (reservation === undefined) {
      throw new PermanentError(
        BUDGET_EXHAUSTED,
        "The plan's remaining budget does not cover another model call.",
      )
    }
    const limit = outputTokensFor(reservation.usd, planned, seen, prices)
    return { planned, limit, reservation }
  }

  async function settle(spent: Parameters<Reservation['settle']>[0]): Promise<void> {
    const settled = held?.reservation
    held = undefined
    await settled?.settle(spent)
  }

  const close = () => settle({ status: 'nothing' })

  return {
    cover,
    lowered: () => lowered,
    raise() {
      outputAtLeast = (lowered ?? 0) * MORE
    },
    async reported(usage) {
      const { inputTokens, outputTokens } = usage
      // Some servers do not report usage.
      if (inputTokens + outputTokens === 0) return settle({ status: 'unknown' })
      if (held === undefined) return
      const { planned, limit, reservation } = held
      const call = {
        inputBytes: planned.inputBytes,
        outputLimit: limit,
        reservedUsd: reservation.usd,
      }
      const seen = experienceOf(call, usage)
      await settle({ status: 'reported', seen })
    },
    unknown: () => settle({ status: 'unknown' }),
    close,
  }
}

/** The failure for an answer that was cut off at a limit that the budget had lowered. */
export function cutByBudget(limit: number): Failure {
  return {
    code: BUDGET_EXHAUSTED,
    message: `The rest of the plan's budget paid for ${limit} output tokens, and the answer was cut off there.`,
  }
}

/** Thrown if the plan's budget is used up. */
export function isExhausted(error: unknown): error is PermanentError {
  return error instanceof PermanentError && error.code === BUDGET_EXHAUSTED
}

/** Whether this is the same call again, or a smaller one. */
function covers(before: PlannedCall, now: PlannedCall): boolean {
  return (
    before.model === now.model &&
    before.inputBytes >= now.inputBytes &&
    before.outputLimit === now.outputLimit
  )
}

function bytesOf({ prompt, tools, responseFormat }: CallOptions): number {
  const sent = JSON.stringify({ prompt, tools, responseFormat })
  return Buffer.byteLength(sent) + ADDED_BYTES
}
