import type { PlanStore } from '../ports/plan-store.ts'
import type { BatchQueue } from '../ports/queue.ts'
import type { PlanSpec } from '../ports/records.ts'
import type { TaskLife } from '../ports/task-life.ts'
import { laneOfUnit } from './units.ts'

export interface ReleaseDeps {
  queue: Pick<BatchQueue, 'release'>
  life: Pick<TaskLife, 'confirmReleased'>
}

export interface SealDeps extends ReleaseDeps {
  plans: Pick<PlanStore, 'markEnqueued'>
}

/** Puts released units into the queue, and only then takes them off the plan's list. */
export async function releaseUnits(
  deps: ReleaseDeps,
  plan: { spec: PlanSpec },
  released: readonly number[],
): Promise<void> {
  if (released.length === 0) return
  const units = released.map((unit) => ({ unit, lane: laneOfUnit(plan.spec.units, unit) }))
  await deps.queue.release(plan.spec.id, units)
  await deps.life.confirmReleased(plan.spec.id, [...released])
}

/** The batch is in the queue: so are the jobs of units that were released while it was on its way. */
export async function sealBatch(
  deps: SealDeps,
  plan: { spec: PlanSpec },
  firstUnit: number,
): Promise<void> {
  await releaseUnits(deps, plan, await deps.plans.markEnqueued(plan.spec.id, firstUnit))
}
