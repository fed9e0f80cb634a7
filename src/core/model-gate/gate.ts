/** How a model call ended, as far as it matters to other calls. */
export interface CallOutcome {
  /**
   * `rate-limited` (429): too many calls in too short a time. `overloaded` (529): too many at the
   * same time. `failed`: any error that says nothing about the provider's capacity.
   */
  status: 'ok' | 'rate-limited' | 'overloaded' | 'failed'
  /** How long the provider asked to wait. */
  retryAfterMs?: number | undefined
}

export interface Permit {
  /** Called once; never rejects. Later calls of the same model take its outcome into account. */
  release(outcome: CallOutcome): Promise<void>
}

/** Holds back calls of a model while its provider asks for it. */
export interface ModelGate {
  /**
   * Waits, as long as it takes, until one call of `key` (`provider:model`) may begin.
   * Rejects with the signal's reason as soon as it aborts.
   */
  acquire(key: string, signal: AbortSignal): Promise<Permit>
}
