import type { NewPlan, PlanKey, PlanRecord } from './records.ts'
import type { RetryBatch } from './task-life.ts'

// The ports to where plans live. Every call throws ServiceError `unavailable` while the store is away.

/** A plan that an Idempotency-Key names. */
export interface KeyedPlan {
  planId: string
  /** SHA-256 of the body it was submitted with. */
  requestHash: string
}

/** Submitting, reading and deleting whole plans. */
export interface PlanStore {
  /**
   * Whether `create` sends all of this plan before it returns its promise, so that a command sent
   * down the same connection after the call finds the plan. Not so for a large one.
   */
  createsInOneStep(plan: NewPlan): boolean
  /** All or nothing. Nothing is stored where the plan's key names one that is there: that one is answered. */
  create(
    plan: NewPlan,
  ): Promise<
    { status: 'created'; createdAt: number; round: number } | ({ status: 'exists' } & KeyedPlan)
  >
  /** A retry that was stored, and perhaps not enqueued. */
  unfinishedRetry(planId: string): Promise<RetryBatch | undefined>
  /**
   * Marks the batch with this first unit (0: that of the submission) as in the queue. Until then the
   * sweeper takes it for cut short. `released`: units that were released before they had jobs. `late`:
   * another process has enqueued this batch before, or it is not the newest.
   */
  markEnqueued(
    planId: string,
    firstUnit: number,
  ): Promise<{ status: 'marked'; released: number[] } | { status: 'late' | 'gone' }>
  /**
   * Decides about a submission that may have been cut short, in one step. `accepted`: its batch is in
   * the queue, and callers may be told of it, for good. `gone`: nothing of it is left but jobs that end
   * by themselves. `pending`: it is younger than `giveUpAfterMs`. Who stored it and knows that its batch
   * is not in the queue as a whole says `isPartial`.
   */
  settleSubmission(
    plan: { planId: string; tenant: string },
    options: { giveUpAfterMs: number; isPartial?: boolean },
  ): Promise<{ status: 'accepted'; released: number[] } | { status: 'pending' | 'gone' }>
  /** The plan that was stored under a key and not deleted since. */
  ofKey(key: PlanKey): Promise<KeyedPlan | undefined>
  get(planId: string): Promise<PlanRecord | undefined>
  /** Newest first, of one tenant. `before` is the position the last page ended at. */
  list(query: {
    tenant: string
    limit: number
    before: string | undefined
  }): Promise<{ plans: PlanRecord[]; next: string | undefined }>
  taskIds(planId: string): Promise<string[]>
  /** The body that the plan was submitted with, without its context and the texts of its files. */
  submission(planId: string): Promise<Record<string, unknown> | undefined>
  context(planId: string): Promise<string>
  files(planId: string): Promise<Record<string, string>>
  /** The commit that all tasks start from, once it was recorded, and `PlanRecord.reopened`. */
  workspace(planId: string): Promise<{ base: string | undefined; reopened: number }>
  /** Records the commit that all tasks start from, once; answers with the recorded one. */
  pinBase(planId: string, candidate: string): Promise<string>
  /** Removes the plan and everything of it but its jobs. Does not block for a large one. */
  delete(planId: string, tenant: string): Promise<void>
}
