import type { PlanRecord, TaskState } from './records.ts'

export interface StoredEvent {
  id: string
  type: string
  data: Record<string, unknown>
}

/** Something of a plan as of one moment: that of the event that was its newest then. */
export type AsOf<Read> = Read & { newest: string }

/** The event log of each plan. */
export interface EventLog {
  /** Events after an id, oldest first. */
  read(planId: string, after: string, count: number): Promise<StoredEvent[]>
  /** Whether the plan has an event with this id. */
  has(planId: string, id: string): Promise<boolean>
  /** The plan without its tasks. */
  snapshot(planId: string): Promise<AsOf<{ plan: PlanRecord }> | undefined>
  /** The states of some tasks, a few hundred at most; `undefined` when the plan is gone. */
  states(
    planId: string,
    taskIds: readonly string[],
  ): Promise<AsOf<{ states: TaskState[] }> | undefined>
}

/** A piece of text that a task wrote while running. */
export interface TextPiece {
  /** On the same clock as the ids of events. */
  id: string
  taskId: string
  attempt: number
  /**
   * Characters of this attempt before this piece. Pieces that arrive too late are dropped, leaving
   * a gap.
   */
  offset: number
  text: string
}

/**
 * The text that running tasks write, kept for live readers, for a limited time and up to a limited
 * size.
 */
export interface TextLog {
  /** Cheap; may be called for every token. Never fails a task. */
  append(planId: string, taskId: string, attempt: number, text: string): void
  /**
   * Call this when the attempt has ended: readers then get its text before anything that is stored
   * after this call. Never rejects.
   */
  end(planId: string, taskId: string): Promise<void>
  /** Events and texts after two positions, oldest first, read consistently. */
  read(
    planId: string,
    after: { event: string; text: string },
    count: number,
  ): Promise<{ events: StoredEvent[]; texts: TextPiece[] }>
}

/**
 * One message about what changed in a plan. `changes` are `type taskId`; the id is empty for the
 * plan itself.
 */
export interface ChangeMessage {
  planId: string
  changes: { type: string; taskId: string }[]
}

/**
 * Reports changes as they happen, at most once each: listeners read the state after subscribing.
 */
export interface ChangeFeed {
  /** `undefined` instead of a message: some may have been missed, so read everything again. */
  onChange(listener: (message: ChangeMessage | undefined) => void): () => void
  /** A task of the plan has written more text. */
  onText(listener: (planId: string) => void): () => void
  onControl(
    listener: (planId: string, taskId: string | undefined, code: string) => void,
  ): () => void
}
