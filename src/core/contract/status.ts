import { z } from 'zod'

export const TASK_STATUSES = [
  'queued',
  'running',
  'succeeded',
  'incomplete',
  'failed',
  'cancelled',
  'skipped',
] as const
/**
 * `incomplete` keeps a partial text: a step or token limit, an empty answer, an answer that does
 * not match its schema.
 */
export const TaskStatus = z.enum(TASK_STATUSES).meta({ id: 'TaskStatus' })
export type TaskStatus = z.output<typeof TaskStatus>

export const PLAN_STATUSES = [
  'queued',
  'running',
  'synthesizing',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const
export const PlanStatus = z.enum(PLAN_STATUSES).meta({ id: 'PlanStatus' })
export type PlanStatus = z.output<typeof PlanStatus>

/** Tasks of a plan by status; the sum is the number of its tasks. */
export type TaskCounts = Record<TaskStatus, number>

export function isEnded(status: TaskStatus): boolean {
  switch (status) {
    case 'queued':
    case 'running':
      return false
    case 'succeeded':
    case 'incomplete':
    case 'failed':
    case 'cancelled':
    case 'skipped':
      return true
  }
}

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

/** Derives the status of an unfinished plan. */
export function activePlanStatus(counts: TaskCounts): 'queued' | 'running' | 'synthesizing' {
  const total = TASK_STATUSES.reduce((sum, status) => sum + counts[status], 0)
  if (counts.queued === total && total > 0) return 'queued'
  return counts.queued + counts.running > 0 ? 'running' : 'synthesizing'
}

/**
 * How a plan ends once all its tasks have ended. A plan with failed tasks, or whose edits could not
 * all be merged, is `partial`, because partial answers are useful. It is `failed` if fewer than
 * `minSuccess` (a share of all tasks, 0 to 1) succeeded.
 */
export function finalPlanStatus(
  counts: TaskCounts,
  how: {
    cancelled: boolean
    minSuccess: number
    synthesis: 'succeeded' | 'failed' | 'none'
    /** Whether the merged edits lack those of some tasks. */
    editsMissing?: boolean
  },
): 'succeeded' | 'partial' | 'failed' | 'cancelled' {
  if (how.cancelled) return 'cancelled'
  const total = TASK_STATUSES.reduce((sum, status) => sum + counts[status], 0)
  if (counts.succeeded === total) {
    return how.synthesis === 'failed' || how.editsMissing === true ? 'partial' : 'succeeded'
  }
  if (counts.succeeded + counts.incomplete === 0) return 'failed'
  if (counts.succeeded / total < how.minSuccess) return 'failed'
  return 'partial'
}
