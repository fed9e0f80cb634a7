import { type Prices, priceOf } from '../budget/prices.ts'
import type { FieldError } from '../contract/errors.ts'
import type { SubmitPlan, SynthesisSpec } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Advice, Estimate } from '../contract/views.ts'
import type { Executor } from '../ports/executor.ts'

// A budget can only be kept if the cost of calls is known.

export interface PricingDeps {
  executors: ReadonlyMap<string, Executor>
  prices: Prices
  /** `provider:model` for everything that names no model. */
  defaultModel: string | undefined
}

/**
 * Models without a known price in a plan with a budget. `pointerOf` gives the pointer of a task.
 */
export function taskPriceErrors(
  deps: PricingDeps,
  { policy }: SubmitPlan,
  tasks: readonly TaskSpec[],
  pointerOf: (index: number) => string,
): FieldError[] {
  if (policy.budgetUsd === undefined) return []
  return tasks.flatMap((task, index) => {
    const models = deps.executors.get(task.executor)?.models?.(task) ?? []
    return models.flatMap(({ path, name }) => {
      // A model that the task does not name was chosen by the service.
      const isNamed = path[0] !== 'model' || task.model !== undefined
      const pointer = [pointerOf(index), ...path].join('/')
      return unpriced(deps, name, isNamed ? pointer : BUDGET)
    })
  })
}

/** The same for the models that plan a goal and write the synthesis. */
export function planPriceErrors(deps: PricingDeps, plan: SubmitPlan): FieldError[] {
  if (plan.policy.budgetUsd === undefined) return []
  const { goal, synthesis, policy } = plan
  const { verify } = policy
  return [
    ...(goal === undefined ? [] : unpriced(deps, deps.defaultModel, BUDGET)),
    ...(synthesis === false ? [] : synthesisPriceErrors(deps, synthesis, '/synthesis', BUDGET)),
    ...(verify === undefined ? [] : verifyPriceErrors(deps, verify.model)),
  ]
}

function verifyPriceErrors(deps: PricingDeps, model: string | undefined): FieldError[] {
  return model === undefined
    ? unpriced(deps, deps.defaultModel, BUDGET)
    : unpriced(deps, model, '/policy/verify/model')
}

export function synthesisPriceErrors(
  deps: PricingDeps,
  synthesis: SynthesisSpec,
  pointer: string,
  pointerOfDefault = pointer,
): FieldError[] {
  if (synthesis.executor === 'merge') return []
  return synthesis.model === undefined
    ? unpriced(deps, deps.defaultModel, pointerOfDefault)
    : unpriced(deps, synthesis.model, `${pointer}/model`)
}

const BUDGET = '/policy/budgetUsd'

function unpriced(
  { prices }: PricingDeps,
  model: string | undefined,
  pointer: string,
): FieldError[] {
  if (model === undefined || priceOf(model, prices) !== undefined) return []
  const detail =
    pointer === BUDGET
      ? `cannot be kept: the price of ${model} is unknown; the operator can set it in TUTTI_PRICES`
      : `has no known price (${model}), so policy.budgetUsd cannot be kept; the operator can set it in TUTTI_PRICES`
  return [{ pointer, detail }]
}

/** What a caller should know about a budget before the plan runs. */
export function budgetWarnings(
  { executors }: Pick<PricingDeps, 'executors'>,
  { policy }: SubmitPlan,
  tasks: readonly TaskSpec[],
  { costUsd }: Pick<Estimate, 'costUsd'>,
): Advice[] {
  const { budgetUsd } = policy
  if (budgetUsd === undefined) return []
  const warnings: Advice[] = []
  if (costUsd !== null && costUsd.low > budgetUsd) {
    warnings.push({
      code: 'budget-too-low',
      message: `The plan is estimated to cost at least ${costUsd.low} US dollars, and its budget is ${budgetUsd}: it is likely to stop before all tasks have run.`,
      tasks: [],
    })
  }
  const uncounted = tasks.filter(
    ({ executor }) => executors.get(executor)?.describe().cost === 'unknown',
  )
  if (uncounted.length > 0) {
    warnings.push({
      code: 'cost-not-counted',
      message:
        'What these tasks cost is not known here, so the budget does not hold for them: they run on agents that need not tell.',
      tasks: uncounted.slice(0, 20).map(({ id }) => id),
    })
  }
  return warnings
}
