import { isFinished } from '../../../src/client/status.ts'
import type { PlanStatus } from './types.ts'

/** Whether something may still happen to a plan by itself. */
export function isActive(status: PlanStatus): boolean {
  return !isFinished(status)
}
