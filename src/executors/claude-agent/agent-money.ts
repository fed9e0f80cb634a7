import { BUDGET_EXHAUSTED, type Quote } from '../../core/budget/allowance.ts'
import { PermanentError } from '../../core/errors.ts'
import type { ExecutionContext, ExecutionOutcome } from '../../core/ports.ts'

/** An agent makes its calls itself, so money is set aside for all of them together. */
const QUOTE: Quote = { least: 0.2, enough: 1, most: 10, likely: 0.25 }
/** It ends only with the call that passes its limit: so much is kept back for that one. */
const LAST_CALL = 0.5

/**
 * Runs an agent with a limit that the plan's budget pays for, and that is not above `ownLimit`, both
 * in US dollars.
 *
 * @throws {PermanentError} `budget-exhausted`
 */
export async function withMoney(
  { allowance, signal }: Pick<ExecutionContext, 'allowance' | 'signal'>,
  ownLimit: number | undefined,
  run: (limitUsd: number | undefined) => Promise<ExecutionOutcome>,
): Promise<ExecutionOutcome> {
  if (allowance === undefined) return run(ownLimit)
  const most = ownLimit === undefined ? QUOTE.most : ownLimit / LAST_CALL
  const quote = {
    ...QUOTE,
    least: Math.min(most, QUOTE.least),
    enough: Math.min(most, QUOTE.enough),
    most,
  }
  const reservation = await allowance.reserve('claude-agent', () => quote, signal)
  if (reservation === undefined) {
    throw new PermanentError(
      BUDGET_EXHAUSTED,
      'What is left of the budget of the plan does not pay for another agent.',
    )
  }
  const limitUsd = reservation.usd * LAST_CALL
  const isOwn = ownLimit !== undefined && ownLimit <= limitUsd
  try {
    const outcome = await run(isOwn ? ownLimit : limitUsd)
    // The task's own limit says nothing about the money of the plan.
    if (!isOwn || outcome.status !== 'incomplete' || outcome.reason.code !== BUDGET_EXHAUSTED) {
      return outcome
    }
    return { ...outcome, reason: { ...outcome.reason, code: 'cost-limit' } }
  } finally {
    // It tells its usage as it goes, and there is nothing to learn for the next one.
    const seen = { tokensPerByte: 0, outputTokens: 0, outputBeyond: 0 }
    await reservation.settle({ status: 'reported', seen })
  }
}
