import type { PlanStatus, TaskStatus } from './schema.ts'

/** Whether a plan has come to its end. A retry of one of its tasks may still open it again. */
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
