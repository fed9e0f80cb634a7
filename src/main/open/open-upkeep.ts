import { sweep } from '../../core/change/sweep.ts'
import type { ForgetDeliveries } from '../../core/deliver/webhooks.ts'
import type { BatchQueue } from '../../core/ports/queue.ts'
import { every } from '../every.ts'
import type { FaultLog } from '../fault-log.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Stores } from './open-stores.ts'

const SWEEP_MS = 2_000
/** Slightly less, so that a lone process's turn is over when it asks again. */
const TURN_MS = SWEEP_MS - 100

/**
 * Cleans up after expired plans and dead processes. Every process does it, so none is
 * indispensable.
 */
export function openUpkeep(options: {
  stores: Stores
  queue: BatchQueue
  forgetDeliveries: ForgetDeliveries
  lifecycle: Lifecycle
  faults: FaultLog
}): void {
  const { stores, queue, forgetDeliveries, lifecycle, faults } = options
  const onFault = (err: unknown, planId: string) => faults(err, 'upkeep fault', { planId })
  const deps = { ...stores, queue, forgetDeliveries, onFault }
  const stop = every(SWEEP_MS, () => sweep(deps, TURN_MS), faults)
  lifecycle.onClose('upkeep', stop)
}
