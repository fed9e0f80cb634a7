import { BUDGET_EXHAUSTED } from '../budget/allowance.ts'
import { nothingBegun, ServiceError } from '../contract/errors.ts'
import type { DeliveryStore, ForgetDeliveries } from '../deliver/webhooks.ts'
import type { BatchQueue } from '../ports/queue.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { ReuseStore } from '../ports/reuse.ts'
import type { StepStore } from '../ports/step-store.ts'
import type { TaskLife } from '../ports/task-life.ts'
import { type ReadDeps, requirePlan } from '../read/require-plan.ts'
import type { Digests } from '../submit/idempotency.ts'
import type { PrepareAdditionDeps } from '../submit/prepare-addition.ts'
import type { PrepareDeps } from '../submit/prepare-plan.ts'
import type { SubmitDeps } from '../submit/submit-plan.ts'

export interface ChangeDeps extends ReadDeps, Digests {
  life: TaskLife
  queue: BatchQueue
  steps: Pick<StepStore, 'post'>
  reuse: Pick<ReuseStore, 'forget'>
  newToken: () => string
  tenantLimits: SubmitDeps['tenantLimits']
  deliveries: Pick<DeliveryStore, 'all'>
  forgetDeliveries: ForgetDeliveries
  preparing: PrepareAdditionDeps & Pick<PrepareDeps, 'modelAvailable'>
  /** For the log: faults that do not concern the caller. */
  onFault: (error: unknown, planId: string) => void
}

/** The plan that a call is to change. It is read first: if that fails, nothing has been started. */
export function planToChange(
  deps: Pick<ReadDeps, 'plans'>,
  tenant: string,
  planId: string,
): Promise<PlanRecord> {
  return nothingBegun(requirePlan(deps, tenant, planId))
}

/**
 * Whether a plan's budget is used up. Then only `resume`, which may raise it, can start anything.
 */
export function isOutOfMoney({ stop, budgetUsd, usage, held }: PlanRecord): boolean {
  const isSpent = budgetUsd !== undefined && usage.costUsd + held.unknownUsd >= budgetUsd
  return stop?.code === BUDGET_EXHAUSTED || isSpent
}

/** Everything a plan starts again has to be covered by its budget. */
export function refuseWithoutMoney(record: PlanRecord): void {
  if (!isOutOfMoney(record)) return
  throw new ServiceError(
    'budget-exceeded',
    "The plan's remaining budget does not cover more work. Raise it with `resume`, which also runs what it stopped.",
  )
}
