import type { PlanStatus, TaskStatus } from './schema.ts'

/** In the order in which a plan goes through them. */
export const PLAN_STATUSES = [
  'queued',
  'running',
  'synthesizing',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const satisfies readonly PlanStatus[]

/** In the order in which a task goes through them, success first among the ends. */
export const TASK_STATUSES = [
  'queued',
  'running',
  'succeeded',
  'incomplete',
  'failed',
  'cancelled',
  'skipped',
] as const satisfies readonly TaskStatus[]

export function isPlanStatus(value: unknown): value is PlanStatus {
  return PLAN_STATUSES.some((status) => status === value)
}

export function isTaskStatus(value: unknown): value is TaskStatus {
  return TASK_STATUSES.some((status) => status === value)
}

/** Whether a plan has finished. Retrying one of its tasks may reopen it. */
export function isFinished(status: PlanStatus): boolean {
  switch (status) {
    case 'queued':
    case 'running':
    case 'synthesizing':
      return false
    case 'succeeded':
    case 'partial':
    case 'failed':
    case 'cancelled':
      return true
  }
}

export function isEnded(status: TaskStatus): boolean {
  return status !== 'queued' && status !== 'running'
}
