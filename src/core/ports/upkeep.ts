/** What needs looking after now and then, by any process. */
export interface Upkeep {
  /** Plans past their deadline, past their retention, and submitted but never marked as enqueued. */
  due(now: number): Promise<{ overdue: string[]; expired: string[]; active: string[] }>
  /** Plans whose submission was cut short more than `olderThanMs` ago. */
  unsealed(planIds: readonly string[], olderThanMs: number): Promise<string[]>
  /** Those with units that were released, and perhaps not put into the queue. */
  withReleased(planIds: readonly string[]): Promise<string[]>
  /** A plan of which only its place on the lists is left. */
  forget(planId: string): Promise<void>
  /** Fair queueing begins at its first round again, now that nothing waits. */
  resetRounds(): Promise<void>
}
