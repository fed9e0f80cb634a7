import type { NewPlan, PlanKey, PlanRecord } from './records.ts'
import type { RetryBatch } from './task-life.ts'

// Ports to the store of plans. Every call throws ServiceError `unavailable` while the store is
// down.

/** The plan stored under an Idempotency-Key. */
export interface KeyedPlan {
  planId: string
  /** SHA-256 of the body it was submitted with. */
  requestHash: string
}

/** Submitting, reading and deleting whole plans. */
export interface PlanStore {
  /**
   * Whether `create` sends the whole plan before it returns its promise, so that a command sent on
   * the same connection afterwards finds the plan. False for a large plan.
   */
  createsInOneStep(plan: NewPlan): boolean
  /**
   * All or nothing. If the plan's key already belongs to a plan, nothing is stored and that plan is
   * returned.
   */
  create(
    plan: NewPlan,
  ): Promise<
    { status: 'created'; createdAt: number; round: number } | ({ status: 'exists' } & KeyedPlan)
  >
  /** A retry that was stored but perhaps not enqueued. All of its tasks are queued by then. */
  unfinishedRetry(planId: string): Promise<RetryBatch | undefined>
  /**
   * Marks the batch with this first unit (0 for the submission) as enqueued. Until then the sweeper
   * considers it interrupted. `released`: units that were released before they had jobs. `late`:
   * another process has already enqueued this batch, or it is not the newest.
   */
  markEnqueued(
    planId: string,
    firstUnit: number,
  ): Promise<{ status: 'marked'; released: number[] } | { status: 'late' | 'gone' }>
  /**
   * Decides, in one step, about a submission that may have been interrupted. `accepted`: its batch
   * is in the queue, so callers may be told, and this is final. `gone`: only jobs are left of it,
   * which end by themselves. `pending`: it is younger than `giveUpAfterMs`. A caller that stored it
   * and knows that its batch is not completely in the queue passes `isPartial`.
   */
  settleSubmission(
    plan: { planId: string; tenant: string },
    options: { giveUpAfterMs: number; isPartial?: boolean },
  ): Promise<{ status: 'accepted'; released: number[] } | { status: 'pending' | 'gone' }>
  /** The plan that was stored under a key, unless it has been deleted. */
  ofKey(key: PlanKey): Promise<KeyedPlan | undefined>
  get(planId: string): Promise<PlanRecord | undefined>
  /**
   * One tenant's plans, newest first. `before` is the position at which the previous page ended.
   */
  list(query: {
    tenant: string
    limit: number
    before: string | undefined
  }): Promise<{ plans: PlanRecord[]; next: string | undefined }>
  taskIds(planId: string): Promise<string[]>
  /** The body that the plan was submitted with, without its context and file contents. */
  submission(planId: string): Promise<Record<string, unknown> | undefined>
  context(planId: string): Promise<string>
  files(planId: string): Promise<Record<string, string>>
  /**
   * The commit that all tasks start from, once recorded, and `PlanRecord.reopened`. `generation` changes
   * when tasks are retried, and is undefined while they are: as long as it is the same, tasks that have an
   * output keep it.
   */
  workspace(planId: string): Promise<{
    base: string | undefined
    reopened: number
    generation: number | undefined
  }>
  /**
   * Records the commit that all tasks start from, unless one is recorded; returns the recorded one.
   */
  pinBase(planId: string, candidate: string): Promise<string>
  /**
   * Removes the plan and everything of it except its jobs. A large plan does not block the store.
   */
  delete(planId: string, tenant: string): Promise<void>
}
