import type { Plan, TaskStatus } from '../client/index.ts'

/** Exit codes of the command. Scripts depend on them: add codes, but never change one. */
export const EXIT = {
  succeeded: 0,
  error: 1,
  partial: 2,
  failed: 3,
  cancelled: 4,
  /** Partial, and the patch lacks edits that conflict with others. */
  conflict: 5,
} as const

export function exitCodeOfPlan({ status, reason }: Pick<Plan, 'status' | 'reason'>): number {
  switch (status) {
    case 'succeeded':
      return EXIT.succeeded
    case 'partial':
      return reason?.code === 'merge-conflict' ? EXIT.conflict : EXIT.partial
    case 'failed':
      return EXIT.failed
    case 'cancelled':
      return EXIT.cancelled
    // It has not finished, so there is no outcome.
    case 'queued':
    case 'running':
    case 'synthesizing':
      return EXIT.error
  }
}

export function exitCodeOfTask(status: TaskStatus): number {
  switch (status) {
    case 'succeeded':
      return EXIT.succeeded
    case 'incomplete':
      return EXIT.partial
    case 'failed':
      return EXIT.failed
    case 'cancelled':
    case 'skipped':
      return EXIT.cancelled
    case 'queued':
    case 'running':
      return EXIT.error
  }
}
