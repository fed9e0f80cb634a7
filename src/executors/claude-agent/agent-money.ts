import { BUDGET_EXHAUSTED, type Quote } from '../../core/budget/allowance.ts'
import { costOf, priceOf } from '../../core/budget/prices.ts'
import { PermanentError } from '../../core/contract/errors.ts'
import type { ExecutionContext, ExecutionOutcome } from '../../core/ports/executor.ts'
import { COST_LIMIT } from './ending.ts'

/**
 * What an agent may spend before its last call, in US dollars; it does not start with less than
 * `least`.
 */
const SPEND = { least: 0.01, enough: 0.5, most: 5 }
/** The usual cost of an agent. */
const LIKELY = 0.25
/**
 * Assumed tokens of its last call in addition to the prompt: new tool results, everything else from
 * the cache, and output.
 */
const LAST_CALL = { told: 30_000, cached: 150_000, output: 8_000 }
/** What that costs with a model whose price is unknown. */
const UNKNOWN_LAST_CALL = 1
const NOTHING_LEARNED = { tokensPerByte: 0, outputTokens: 0, outputBeyond: 0, overdraftUsd: 0 }

/** Limits for an agent. */
export interface AgentLimits {
  budgetUsd: number | undefined
  /** Per call. */
  maxOutputTokens: number | undefined
}

/**
 * Runs an agent within limits that the plan's budget covers. An agent makes its calls itself, so
 * money is reserved for all of them together. It stops only with the call that exceeds its limit,
 * so the most that this last call can cost is held back.
 *
 * @param ownLimit The task's own limit, in US dollars.
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
    // Guards against rounding errors.
    const hasAll = usd >= most - 1e-6
    const budgetUsd = Math.max(SPEND.least / 2, usd - lastCall)
    const outcome = await run({ budgetUsd, maxOutputTokens: LAST_CALL.output })
    // Reaching the task's own limit says nothing about the plan's money.
    if (hasAll || outcome.status !== 'incomplete' || outcome.reason.code !== COST_LIMIT) {
      return outcome
    }
    const message = "The agent used up the rest of the plan's budget before it finished."
    return { ...outcome, reason: { code: BUDGET_EXHAUSTED, message } }
  } finally {
    // Usage is reported as it goes. There is nothing for the next agent to learn.
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
