import type { BatchedAnswer } from '../../../core/ports/provider-batches.ts'

/** A call that is to go out with others of its plan. */
export interface RelaxedCall {
  planId: string
  /** The same for the same call of the same task, so that it is recognised after a restart. */
  id: string
  model: string
  path: string
  beta: string | undefined
  body: string
  /** Since the plan was submitted. */
  deadlineMs: number
  /** If it aborts because its task was cancelled, the call is given up for good. */
  signal: AbortSignal
}

/** The way of calls that are not urgent: out in a provider's batch, and back by their ids. */
export interface BatchLane {
  /** Whether an earlier attempt has handed in this call. */
  isKnown(planId: string, id: string): Promise<boolean>
  /**
   * Resolves with the provider's answer; without a body if there is none in time, or none to be had.
   *
   * @throws The reason of `signal`, when it aborts.
   */
  answer(call: RelaxedCall): Promise<BatchedAnswer>
  /** The answers of these calls are no longer needed. Never rejects. */
  forget(planId: string, ids: readonly string[]): Promise<void>
  /** Resolves when nothing is under way in this process. */
  close(): Promise<void>
}

/** What one task, or one part of a synthesis, needs to make its calls in batches. */
export interface Relaxed {
  lane: BatchLane
  planId: string
  /** The task or job that makes the calls. */
  caller: string
  /** Since the plan was submitted. */
  deadlineMs: number
  /** Runs something that may take hours, without the caller's slot and beside its time limit. */
  aside<T>(wait: (signal: AbortSignal) => Promise<T>): Promise<T>
}
