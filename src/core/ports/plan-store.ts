import type { NewPlan, PlanRecord } from './records.ts'
import type { RetryBatch } from './task-life.ts'

// The ports to where plans live. Every call throws ServiceError `unavailable` while the store is away.

/** Submitting, reading and deleting whole plans. */
export interface PlanStore {
  /**
   * Whether `create` sends all of this plan before it returns its promise, so that a command sent
   * down the same connection after the call finds the plan. Not so for a large one.
   */
  createsInOneStep(plan: NewPlan): boolean
  /** All or nothing. A plan that is there already is not touched: its request hash is answered. */
  create(
    plan: NewPlan,
  ): Promise<
    | { status: 'created'; createdAt: number; round: number }
    | { status: 'exists'; requestHash: string }
  >
  /** A retry that was stored, and perhaps not enqueued. */
  unfinishedRetry(planId: string): Promise<RetryBatch | undefined>
  /**
   * Marks the batch with this first unit (0: that of the submission) as in the queue. Until then the
   * sweeper takes it for cut short. Answers the units that were released before they had jobs.
   */
  markEnqueued(planId: string, firstUnit: number): Promise<number[]>
  isEnqueued(planId: string): Promise<boolean>
  /** SHA-256 of the body a plan was submitted with; `undefined` when there is no such plan. */
  requestHash(planId: string): Promise<string | undefined>
  get(planId: string): Promise<PlanRecord | undefined>
  /** Newest first, of one tenant. `before` is the position the last page ended at. */
  list(query: {
    tenant: string
    limit: number
    before: string | undefined
  }): Promise<{ plans: PlanRecord[]; next: string | undefined }>
  taskIds(planId: string): Promise<string[]>
  context(planId: string): Promise<string>
  files(planId: string): Promise<Record<string, string>>
  /** The commit that all tasks start from, once it was recorded. */
  base(planId: string): Promise<string | undefined>
  /** Records the commit that all tasks start from, once; answers with the recorded one. */
  pinBase(planId: string, candidate: string): Promise<string>
  setBudget(planId: string, budgetUsd: number): Promise<void>
  /** Removes the plan and everything of it but its jobs. Does not block for a large one. */
  delete(planId: string, tenant: string): Promise<void>
}
