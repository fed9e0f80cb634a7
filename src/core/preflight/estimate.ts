import type { Prices } from '../budget/prices.ts'
import { atHalfPrice, costOf, priceOf } from '../budget/prices.ts'
import { MAX_JUDGED } from '../contract/limits.ts'
import type { VerifyPolicy } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Estimate } from '../contract/views.ts'
import { VERIFIER_LIMITS } from '../ports/models.ts'
import { renderTaskPrompt } from '../text/prompt.ts'
import { estimateTokens } from '../text/tokens.ts'

export interface EstimateOptions {
  prices: Prices
  /** The model of tasks that name none; undefined if none is configured. */
  defaultModel: string | undefined
  usesModel(executor: string): boolean
  /**
   * Whether tasks may read files. They then take several steps, each of which sends everything
   * before it again.
   */
  hasWorkspace: boolean
  /** Whether its calls can go out in a batch of their provider, at half the price. */
  relaxes(task: TaskSpec): boolean
  /**
   * The model of the synthesis; undefined if the deterministic merge writes it, or if there is
   * none.
   */
  synthesisModel: string | undefined
  /** How findings are verified; absent if they are not. */
  verify?: VerifyPolicy | undefined
  budgetUsd?: number | undefined
}

/** The usual range of a task's output tokens. Assumptions, not measurements. */
const OUTPUT = { low: 300, high: 4_000 }

/** Instructions and descriptions of tools. */
const OVERHEAD = { low: 200, high: 2_000 }

/** How far the estimated tokens of a prompt may be off. */
const GUESS = { low: 0.8, high: 1.25 }

/** The steps of a task that reads files, and the tokens each step adds to the next one's input. */
const STEPS = { low: 2, high: 12 }
const READ_PER_STEP = { low: 500, high: 3_000 }

/** What the synthesis writes. */
const SYNTHESIS_OUTPUT = { low: 800, high: 8_000 }

interface Consumption {
  model: string
  inputTokens: number
  cacheReadTokens: number
  outputTokens: number
  /** Whether it can go out in a batch. */
  relaxes?: boolean
}

/**
 * Estimates the tokens and cost of a plan, from low to high: at least one answer per task, at most
 * a task that keeps reading until it knows. Retries are not included. The low estimate assumes that
 * every task but the first reads the shared context from the provider's cache; the high one that
 * none does.
 */
export function estimate(
  tasks: readonly TaskSpec[],
  context: string,
  options: EstimateOptions,
): Estimate {
  const calls = { low: [] as Consumption[], high: [] as Consumption[] }
  const models = new Set<string>()
  const shared = estimateTokens(context)
  for (const task of tasks) {
    if (!options.usesModel(task.executor)) continue
    const model = task.model ?? options.defaultModel ?? 'unknown'
    const first = !models.has(model)
    models.add(model)
    const own = estimateTokens(renderTaskPrompt(task))
    const dependencies = (task.dependsOn ?? []).length
    const relaxes = options.relaxes(task)
    const several = !relaxes && (options.hasWorkspace || (task.tools ?? []).length > 0)
    const like = { model, shared, own, dependencies, several }
    calls.low.push({ ...taskCost('low', { ...like, cached: !first }), relaxes })
    calls.high.push({ ...taskCost('high', { ...like, cached: false }), relaxes })
  }
  if (options.synthesisModel !== undefined && tasks.length > 0) {
    const model = options.synthesisModel
    models.add(model)
    for (const bound of ['low', 'high'] as const) {
      calls[bound].push({
        model,
        inputTokens: OVERHEAD[bound] + shared * GUESS[bound] + tasks.length * OUTPUT[bound],
        cacheReadTokens: 0,
        outputTokens: SYNTHESIS_OUTPUT[bound],
      })
    }
  }
  const unpricedModels = [...models].filter((model) => priceOf(model, options.prices) === undefined)
  const isPriced = unpricedModels.length === 0
  const { prices } = options
  return {
    tasks: tasks.length,
    tokens: { low: tokensOf(calls.low), high: tokensOf(calls.high) },
    costUsd: isPriced
      ? { low: dollars(calls.low, prices), high: dollars(calls.high, prices) }
      : null,
    ...(calls.low.some(({ relaxes }) => relaxes)
      ? {
          relaxedCostUsd: isPriced
            ? { low: relaxedDollars(calls.low, prices), high: relaxedDollars(calls.high, prices) }
            : null,
        }
      : {}),
    ...(models.size === 0
      ? {}
      : { prices: { source: options.prices.source, date: options.prices.date } }),
    unpricedModels,
    ...(options.verify === undefined
      ? {}
      : { verification: verificationCeiling(options.verify, options) }),
  }
}

/**
 * The most that verifiers may cost for one synthesis: everything that can be judged, with every
 * vote as long as possible. Calls that fail and are repeated are not included, but the share of the
 * budget covers them all.
 */
function verificationCeiling(
  verify: VerifyPolicy,
  { prices, defaultModel, budgetUsd }: EstimateOptions,
): NonNullable<Estimate['verification']> {
  const model = verify.model ?? defaultModel ?? 'unknown'
  const maxCalls = MAX_JUDGED * verify.votes
  const share = (budgetUsd ?? Number.POSITIVE_INFINITY) * verify.maxShare
  if (priceOf(model, prices) === undefined) {
    return { maxCalls, maxCostUsd: budgetUsd === undefined ? null : rounded(share) }
  }
  const { excerptChars, claimChars, outputTokens } = VERIFIER_LIMITS
  const inputTokens = OVERHEAD.high + excerptChars + claimChars
  const call = { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0 }
  return { maxCalls, maxCostUsd: rounded(Math.min(share, maxCalls * costOf(model, call, prices))) }
}

function taskCost(
  bound: 'low' | 'high',
  task: {
    model: string
    shared: number
    own: number
    dependencies: number
    several: boolean
    cached: boolean
  },
): Consumption {
  const steps = task.several ? STEPS[bound] : 1
  const guess = GUESS[bound]
  const prefix = task.shared * guess
  const start = prefix + task.own * guess + OVERHEAD[bound] + task.dependencies * OUTPUT[bound]
  // Each step sends again what the previous ones have read.
  const reread = (READ_PER_STEP[bound] * steps * (steps - 1)) / 2
  return {
    model: task.model,
    inputTokens: start * steps + reread,
    cacheReadTokens: bound === 'low' ? prefix * (steps - (task.cached ? 0 : 1)) : 0,
    outputTokens: OUTPUT[bound] + (steps - 1) * 100,
  }
}

function tokensOf(calls: readonly Consumption[]): number {
  return Math.round(
    calls.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0),
  )
}

function dollars(calls: readonly Consumption[], prices: Prices): number {
  const total = calls.reduce(
    (sum, call) => sum + costOf(call.model, { ...call, cacheWriteTokens: 0 }, prices),
    0,
  )
  return rounded(total)
}

/** The cost if the plan is not urgent. */
function relaxedDollars(calls: readonly Consumption[], prices: Prices): number {
  const relaxed = calls.filter(({ relaxes }) => relaxes)
  const others = calls.filter(({ relaxes }) => !relaxes)
  return rounded(dollars(relaxed, atHalfPrice(prices)) + dollars(others, prices))
}

function rounded(usd: number): number {
  return Math.round(usd * 10_000) / 10_000
}
