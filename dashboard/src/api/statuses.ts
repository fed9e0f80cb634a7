import { isFinished } from '../../../src/client/status.ts'
import type { PlanStatus, TaskStatus } from './types.ts'

export const PLAN_STATUSES: readonly PlanStatus[] = [
  'queued',
  'running',
  'synthesizing',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
]

export const TASK_STATUSES: readonly TaskStatus[] = [
  'queued',
  'running',
  'succeeded',
  'incomplete',
  'failed',
  'cancelled',
  'skipped',
]

export function isPlanStatus(value: unknown): value is PlanStatus {
  return PLAN_STATUSES.some((status) => status === value)
}

/** Whether something may still happen to a plan by itself. */
export function isActive(status: PlanStatus): boolean {
  return !isFinished(status)
}
