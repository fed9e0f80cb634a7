/** Regular upkeep, by whichever process has the turn. Times are by the store's clock. */
export interface Upkeep {
  /**
   * Whether it is this process's turn to do the upkeep. One process has the turn for `ms`;
   * `keepTurn` extends it while the work goes on.
   */
  takeTurn(ms: number): Promise<boolean>
  keepTurn(ms: number): Promise<void>
  /**
   * Plans past their deadline or retention, a few at a time, and all unfinished plans that were
   * submitted more than `submissionMs` ago but never marked as enqueued (`unsealed`), or have
   * released units that may not be in the queue (`releasing`), or have tasks to be ended whose
   * process may have died (`unsettled`), or have ended all their tasks and wait for the synthesis
   * that their units write, with no event for `synthesisMs` (`unwritten`).
   */
  due(patience: Patience): Promise<DuePlans>
  /** Removes a plan from the lists if nothing else is left of it. */
  forget(planId: string): Promise<void>
}

/** How long a process may take for something before it counts as dead, in milliseconds. */
export interface Patience {
  submissionMs: number
  synthesisMs: number
}

export interface DuePlans {
  overdue: string[]
  expired: string[]
  unsealed: string[]
  releasing: string[]
  unsettled: string[]
  unwritten: string[]
}
