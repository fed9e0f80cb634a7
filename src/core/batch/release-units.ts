import type { PlanStore } from '../ports/plan-store.ts'
import type { BatchQueue } from '../ports/queue.ts'
import type { PlanSpec } from '../ports/records.ts'
import type { TaskLife } from '../ports/task-life.ts'
import { lanesOfUnit } from './units.ts'

export interface ReleaseDeps {
  queue: Pick<BatchQueue, 'release'>
  life: Pick<TaskLife, 'confirmReleased'>
}

export interface SealDeps {
  queue: Pick<BatchQueue, 'release' | 'remove'>
  life: Pick<TaskLife, 'confirmReleased' | 'unheld'>
  plans: Pick<PlanStore, 'markEnqueued'>
}

/** Units that one script looks up at most. */
const UNITS_AT_ONCE = 500

/**
 * Puts released units into the queue, and only then takes them off the plan's list, so that none is
 * lost.
 */
export async function releaseUnits(
  deps: ReleaseDeps,
  plan: { spec: PlanSpec },
  released: readonly number[],
): Promise<void> {
  if (released.length === 0) return
  await deps.queue.release(plan.spec.id, withLanes(plan.spec, released))
  await deps.life.confirmReleased(plan.spec.id, [...released])
}

/**
 * Marks a batch as enqueued, and releases units that were released while it was being enqueued.
 * `gone`: the plan was deleted in the meantime, and its jobs with it.
 *
 * @param enqueued The units of the batch that this process has just enqueued; `held` are those that
 * wait for a release.
 */
export async function sealBatch(
  deps: SealDeps,
  plan: { spec: PlanSpec },
  firstUnit: number,
  enqueued: { all: readonly number[]; held: readonly number[] },
): Promise<{ status: 'sealed' | 'gone'; releasing: Promise<void> }> {
  const planId = plan.spec.id
  const marked = await deps.plans.markEnqueued(planId, firstUnit)
  switch (marked.status) {
    case 'marked':
      return { status: 'sealed', releasing: releaseUnits(deps, plan, marked.released) }
    case 'late':
      return { status: 'sealed', releasing: releaseUnheld(deps, plan, enqueued.held) }
    case 'gone': {
      const units = withLanes(plan.spec, enqueued.all)
      return { status: 'gone', releasing: deps.queue.remove(planId, units, firstUnit) }
    }
  }
}

/**
 * Releases jobs that are held although nothing holds their units back: another process had already
 * enqueued the batch, and they had run. A worker finds their tasks ended and finishes the jobs.
 */
export async function releaseUnheld(
  deps: { queue: Pick<BatchQueue, 'release'>; life: Pick<TaskLife, 'unheld'> },
  plan: { spec: PlanSpec },
  units: readonly number[],
): Promise<void> {
  for (let at = 0; at < units.length; at += UNITS_AT_ONCE) {
    const some = units.slice(at, at + UNITS_AT_ONCE)
    const unheld = await deps.life.unheld(plan.spec.id, some)
    await deps.queue.release(plan.spec.id, withLanes(plan.spec, unheld))
  }
}

function withLanes(spec: PlanSpec, units: readonly number[]) {
  return units.flatMap((unit) => lanesOfUnit(spec.units, unit).map((lane) => ({ unit, lane })))
}
