import { BUDGET_EXHAUSTED, type Quote } from '../../core/budget/allowance.ts'
import { costOf, priceOf } from '../../core/budget/prices.ts'
import { PermanentError } from '../../core/contract/errors.ts'
import type { ExecutionContext, ExecutionOutcome } from '../../core/ports/executor.ts'
import { COST_LIMIT } from './ending.ts'

/** What an agent may spend before its last call, in US dollars: it is begun with `least`. */
const SPEND = { least: 0.01, enough: 0.5, most: 5 }
/** What an agent costs as a rule. */
const LIKELY = 0.25
/** Tokens of its last call, besides its prompt: what tools told just before, and all the rest from the cache. */
const LAST_CALL = { told: 30_000, cached: 150_000, output: 8_000 }
/** What that costs with a model whose price is not known. */
const UNKNOWN_LAST_CALL = 1
const NOTHING_LEARNED = { tokensPerByte: 0, outputTokens: 0, outputBeyond: 0, overdraftUsd: 0 }

/** What an agent is to keep to. */
export interface AgentLimits {
  budgetUsd: number | undefined
  /** Of one call. */
  maxOutputTokens: number | undefined
}

/**
 * Runs an agent with limits that the plan's budget pays for. An agent makes its calls itself, so money
 * is set aside for all of them together; and it ends only with the call that passes its limit, so the
 * most that this one can cost, as calls go, is kept back.
 *
 * @param ownLimit Of the task, in US dollars.
 * @param model `provider:model`.
 * @throws {PermanentError} `budget-exhausted`
 */
export async function withMoney(
  { allowance, signal }: Pick<ExecutionContext, 'allowance' | 'signal'>,
  task: { ownLimit: number | undefined; model: string; promptTokens: number },
  run: (limits: AgentLimits) => Promise<ExecutionOutcome>,
): Promise<ExecutionOutcome> {
  const { ownLimit, model } = task
  if (allowance === undefined) return run({ budgetUsd: ownLimit, maxOutputTokens: undefined })
  const lastCall = lastCallUsd(model, task.promptTokens)
  const most = lastCall + (ownLimit ?? SPEND.most)
  const quote: Quote = {
    least: Math.min(most, lastCall + SPEND.least),
    enough: Math.min(most, lastCall + SPEND.enough),
    most,
    likely: LIKELY,
  }
  const reservation = await allowance.reserve(`claude-agent ${model}`, () => quote, signal)
  if (reservation === undefined) {
    throw new PermanentError(
      BUDGET_EXHAUSTED,
      "The plan's remaining budget does not cover another agent.",
    )
  }
  try {
    const { usd } = reservation
    // The last fraction of a cent is a matter of rounding.
    const hasAll = usd >= most - 1e-6
    const budgetUsd = Math.max(SPEND.least / 2, usd - lastCall)
    const outcome = await run({ budgetUsd, maxOutputTokens: LAST_CALL.output })
    // A limit of its own says nothing about the money of the plan.
    if (hasAll || outcome.status !== 'incomplete' || outcome.reason.code !== COST_LIMIT) {
      return outcome
    }
    const message = 'The agent had not finished when it had used what the budget of the plan left.'
    return { ...outcome, reason: { code: BUDGET_EXHAUSTED, message } }
  } finally {
    // It tells its usage as it goes. There is nothing to learn for the next one, but that it went well.
    await reservation.settle({ status: 'reported', seen: NOTHING_LEARNED })
  }
}

function lastCallUsd(model: string, promptTokens: number): number {
  if (priceOf(model) === undefined) return UNKNOWN_LAST_CALL
  const cacheWriteTokens = promptTokens + LAST_CALL.told
  return costOf(model, {
    inputTokens: cacheWriteTokens + LAST_CALL.cached,
    outputTokens: LAST_CALL.output,
    cacheReadTokens: LAST_CALL.cached,
    cacheWriteTokens,
  })
}
