/** What needs looking after now and then, by any process. Times are by the clock of the store. */
export interface Upkeep {
  /**
   * Whether it is for this process to look after things now. One process has the turn for `ms`; while it
   * is at it, `keepTurn` makes that last.
   */
  takeTurn(ms: number): Promise<boolean>
  keepTurn(ms: number): Promise<void>
  /**
   * Plans past their deadline and past their retention, a few at a time, and all unfinished ones that
   * were submitted more than `patienceMs` ago and never marked as enqueued (`unsealed`), or have units
   * that were released and perhaps not put into the queue (`releasing`), or tasks that are to be ended and
   * whose process may have died meanwhile (`unsettled`).
   */
  due(patienceMs: number): Promise<DuePlans>
  /** A plan of which only its place on the lists is left. */
  forget(planId: string): Promise<void>
}

export interface DuePlans {
  overdue: string[]
  expired: string[]
  unsealed: string[]
  releasing: string[]
  unsettled: string[]
}
