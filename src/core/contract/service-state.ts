import type { PlanStatus, TaskStatus } from './status.ts'
import type { QueueView, WorkerView } from './workers.ts'

/** Plans and tasks of all tenants, as numbers. */
export interface PlanTotals {
  /** Plans that have not finished, by status. */
  plans: Record<Extract<PlanStatus, 'queued' | 'running' | 'synthesizing'>, number>
  /** Tasks of those plans, by status. */
  tasks: Record<TaskStatus, number>
  /** Plans that ever finished, by outcome; those deleted since are counted too. */
  finished: Record<Extract<PlanStatus, 'succeeded' | 'partial' | 'failed' | 'cancelled'>, number>
}

/** The whole service as of now: the same whichever API process is asked. */
export interface ServiceState {
  totals: PlanTotals
  queues: QueueView[]
  workers: WorkerView[]
}
