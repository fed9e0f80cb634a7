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
  /** Whether the plan has an event of this id. */
  has(planId: string, id: string): Promise<boolean>
  /** The plan without its tasks. */
  snapshot(planId: string): Promise<AsOf<{ plan: PlanRecord }> | undefined>
  /** The states of some tasks, a few hundred at most; `undefined` when the plan is gone. */
  states(
    planId: string,
    taskIds: readonly string[],
  ): Promise<AsOf<{ states: TaskState[] }> | undefined>
}

/** A piece of what a task wrote while it ran. */
export interface TextPiece {
  /** Of the same clock as the ids of events. */
  id: string
  taskId: string
  attempt: number
  /** Characters of this attempt before it. Those that come too late are not kept: then there is a gap. */
  offset: number
  text: string
}

/** What running tasks write, kept for those who read along: for a while, and so much of it. */
export interface TextLog {
  /** Cheap; may be called for every token. Never fails a task. */
  append(planId: string, taskId: string, attempt: number, text: string): void
  /**
   * The attempt has ended: what it wrote can be read before anything that is stored after this call.
   * Never rejects.
   */
  end(planId: string, taskId: string): Promise<void>
  /** Events and texts after two positions, oldest first, as of one moment. */
  read(
    planId: string,
    after: { event: string; text: string },
    count: number,
  ): Promise<{ events: StoredEvent[]; texts: TextPiece[] }>
}

/** One message: what changed in one plan. `changes` are `type taskId`, the id empty for the plan's own. */
export interface ChangeMessage {
  planId: string
  changes: { type: string; taskId: string }[]
}

/** Hears of changes as they happen. At most once: who listens reads the state after it began to. */
export interface ChangeFeed {
  /** `undefined` instead of a message: some may have been missed, read everything again. */
  onChange(listener: (message: ChangeMessage | undefined) => void): () => void
  /** Some task of a plan has written more. */
  onText(listener: (planId: string) => void): () => void
  onControl(
    listener: (planId: string, taskId: string | undefined, code: string) => void,
  ): () => void
}
