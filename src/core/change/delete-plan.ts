import { lanesOfUnit } from '../batch/units.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { ChangeDeps } from './change-deps.ts'

/**
 * Stops whatever is running, and removes the plan with everything that belongs to it, jobs
 * included.
 */
export async function deletePlan(
  deps: Pick<ChangeDeps, 'plans' | 'life' | 'queue' | 'reuse' | 'deliveries' | 'forgetDeliveries'>,
  record: PlanRecord,
): Promise<void> {
  const planId = record.spec.id
  const running = record.outcome === undefined
  const units = running ? await deps.life.nextUnit(planId) : 0
  const deliveries = record.spec.webhook === undefined ? [] : await deps.deliveries.all(planId)
  await deps.plans.delete(planId, record.spec.tenant)
  // Entries that outlive a process which dies here lead to no plan, and are removed when they are found.
  await deps.reuse.forget(record.spec.tenant, planId)
  const pending = deliveries.filter(({ status }) => status === 'pending')
  await deps.forgetDeliveries(
    planId,
    pending.map(({ id }) => id),
  )
  const all = Array.from({ length: units }, (_, unit) =>
    lanesOfUnit(record.spec.units, unit).map((lane) => ({ unit, lane })),
  ).flat()
  // Jobs that a worker holds stay: the worker finds the plan gone and ends them.
  if (running) await deps.queue.remove(planId, all, 0)
}
