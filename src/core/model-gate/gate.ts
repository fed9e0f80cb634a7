/** How one call of a model ended, as far as others that call it are concerned. */
export interface CallOutcome {
  /**
   * `rate-limited` (429): too many calls in too short a time. `overloaded` (529): too many at once.
   * `failed`: anything that says nothing about how much the provider takes.
   */
  status: 'ok' | 'rate-limited' | 'overloaded' | 'failed'
  /** The provider's own word on when to come back. */
  retryAfterMs?: number | undefined
}

export interface Permit {
  /** Called once. Never rejects. Later calls of the same model wait for what it reports. */
  release(outcome: CallOutcome): Promise<void>
}

/** Holds calls of a model back while its provider asks for that. */
export interface ModelGate {
  /**
   * Waits, as long as it takes, until one call of `key` (`provider:model`) may begin.
   * Rejects with the signal's reason as soon as it aborts.
   */
  acquire(key: string, signal: AbortSignal): Promise<Permit>
}
