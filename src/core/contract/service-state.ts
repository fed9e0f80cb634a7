import type { PlanStatus, TaskStatus } from './status.ts'
import type { QueueView, WorkerView } from './workers.ts'

/** Numbers of plans and tasks, across all tenants. */
export interface PlanTotals {
  /** Plans that have not finished, by status. */
  plans: Record<Extract<PlanStatus, 'queued' | 'running' | 'synthesizing'>, number>
  /** Tasks of those plans, by status. */
  tasks: Record<TaskStatus, number>
  /** Plans that have ever finished, by outcome, including those deleted since. */
  finished: Record<Extract<PlanStatus, 'succeeded' | 'partial' | 'failed' | 'cancelled'>, number>
}

/** The current state of the whole service, the same from any API process. */
export interface ServiceState {
  totals: PlanTotals
  queues: QueueView[]
  workers: WorkerView[]
}
