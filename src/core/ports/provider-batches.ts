/** A call of a plan that is not urgent, until it goes out in a provider's batch. */
export interface WaitingCall {
  /** Unique; the provider returns it with the answer. At most 64 letters, digits, `-` and `_`. */
  id: string
  /** `provider:model`. */
  model: string
  /** Path of the provider's API that the body is meant for, from `/v1`. */
  path: string
  /** Value of `anthropic-beta`, if the call needs it. */
  beta?: string | undefined
  /** When it was added, by the store's clock. */
  at: number
}

/** Calls that go out together, or are at the provider. */
export interface ProviderBatch extends Pick<WaitingCall, 'model' | 'path' | 'beta'> {
  key: string
  ids: string[]
  /** `sending` until the provider is known to have accepted it. */
  status: 'sending' | 'sent' | 'cancelling'
  /** Since when it has this status. */
  at: number
  /** At the provider: the file with its calls. */
  fileId?: string | undefined
  /**
   * At the provider. Several if its answer was lost and more than one of its batches may be this one.
   */
  batchIds: string[]
}

/** What came of a call: the body of the provider's answer, or nothing, so that it is made live. */
export type BatchedAnswer = { body: unknown } | { body?: never }

/** What is stored about the calls of one plan. */
export interface BatchesOfPlan {
  /** By the store's clock. */
  now: number
  /** The deadline has passed. */
  isLate: boolean
  /** Only the holder of the lease may speak to the provider. */
  isKeeper: boolean
  waiting: WaitingCall[]
  batches: ProviderBatch[]
  /** Ids of calls that nobody needs any more. */
  dropped: Set<string>
  /** Of the calls that were asked about. */
  answers: Map<string, BatchedAnswer>
}

/**
 * Calls that go out in batches, stored with their plan and deleted with it. All processes see the same;
 * one of them at a time, the keeper, speaks to the provider.
 */
export interface ProviderBatchStore {
  /**
   * Adds a call that is not known yet. `late`: the deadline has passed. `known`: it waits, is under way
   * or has been answered.
   */
  add(
    planId: string,
    call: Omit<WaitingCall, 'at'> & { body: string },
    deadlineMs: number,
  ): Promise<'added' | 'known' | 'late' | 'gone'>
  isKnown(planId: string, id: string): Promise<boolean>
  /** Also takes or extends the lease, if nobody else has it. `undefined`: the plan is gone. */
  look(
    planId: string,
    keeper: string,
    options: { ids: readonly string[]; deadlineMs: number },
  ): Promise<BatchesOfPlan | undefined>
  bodies(planId: string, ids: readonly string[]): Promise<(string | undefined)[]>
  /** One change, unless the lease was lost or the plan is gone; then false. */
  change(
    planId: string,
    keeper: string,
    change: {
      keep?: ProviderBatch[]
      remove?: ProviderBatch[]
      /** Waiting calls that wait no longer. */
      taken?: readonly string[]
      answers?: ReadonlyMap<string, BatchedAnswer>
    },
  ): Promise<boolean>
  /** Nobody needs these calls any more. */
  drop(planId: string, ids: readonly string[]): Promise<void>
  /** The answers of these calls were stored elsewhere. */
  forget(planId: string, ids: readonly string[]): Promise<void>
  release(planId: string, keeper: string): Promise<void>
}
