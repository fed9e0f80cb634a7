import type { Failure } from '../contract/errors.ts'
import type { PlanStatus, TaskStatus } from '../contract/status.ts'
import type { Synthesis } from '../contract/synthesis.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Usage } from '../contract/usage.ts'
import type { Slice } from '../merge/group-results.ts'
import type { SynthesisText } from '../merge/merging.ts'
import type { PartPlace } from '../merge/part-tree.ts'
import type { TaskOutput } from './executor.ts'
import type { PartJob, SynthesisJob } from './queue.ts'
import type { NewPlan, PlanRecord, Stop, StoredAttempt, TaskState } from './records.ts'

// The ports to where plans live. Every call throws ServiceError `unavailable` while the store is away.

/** Submitting, reading and deleting whole plans. */
export interface PlanStore {
  /**
   * Whether `create` sends all of this plan before it returns its promise, so that a command sent
   * down the same connection after the call finds the plan. Not so for a large one.
   */
  createsInOneStep(plan: NewPlan): boolean
  /** All or nothing. A plan that is there already is not touched: its request hash is answered. */
  create(
    plan: NewPlan,
  ): Promise<
    | { status: 'created'; createdAt: number; round: number }
    | { status: 'exists'; requestHash: string }
  >
  /** A retry that was stored, and perhaps not enqueued. */
  unfinishedRetry(planId: string): Promise<RetryBatch | undefined>
  /**
   * Marks the batch with this first unit (0: that of the submission) as in the queue. Until then the
   * sweeper takes it for cut short. Answers the units that were released before they had jobs.
   */
  markEnqueued(planId: string, firstUnit: number): Promise<number[]>
  isEnqueued(planId: string): Promise<boolean>
  /** SHA-256 of the body a plan was submitted with; `undefined` when there is no such plan. */
  requestHash(planId: string): Promise<string | undefined>
  get(planId: string): Promise<PlanRecord | undefined>
  /** Newest first, of one tenant. `before` is the position the last page ended at. */
  list(query: {
    tenant: string
    limit: number
    before: string | undefined
  }): Promise<{ plans: PlanRecord[]; next: string | undefined }>
  taskIds(planId: string): Promise<string[]>
  context(planId: string): Promise<string>
  files(planId: string): Promise<Record<string, string>>
  /** The commit that all tasks start from, once it was recorded. */
  base(planId: string): Promise<string | undefined>
  /** Records the commit that all tasks start from, once; answers with the recorded one. */
  pinBase(planId: string, candidate: string): Promise<string>
  setBudget(planId: string, budgetUsd: number): Promise<void>
  /** Removes the plan and everything of it but its jobs. Does not block for a large one. */
  delete(planId: string, tenant: string): Promise<void>
}

/** Reading the tasks of a plan. */
export interface TaskStore {
  specs(planId: string, taskIds: readonly string[]): Promise<(TaskSpec | undefined)[]>
  states(planId: string, taskIds: readonly string[]): Promise<TaskState[]>
  attempts(planId: string, taskId: string, count: number): Promise<StoredAttempt[]>
  outputs(planId: string, taskIds: readonly string[]): Promise<(TaskOutput | undefined)[]>
  /** Ids of ended tasks in order of ending, from a position. */
  endedIds(planId: string, from: number, count: number): Promise<string[]>
}

/** Tasks to be run again as units of their own, numbered from `firstUnit`. */
export interface RetryBatch {
  firstUnit: number
  /** `waitsFor`: all that it depends on, those that have succeeded too. */
  tasks: { taskId: string; waitsFor: readonly string[]; priority: number }[]
}

/** Units of the batch that may run now, by number; see `UnitLayout`. */
export type ReleasedUnits = number[]

export type BegunTask =
  | {
      status: 'begun'
      attempt: number
      spent: number
      spec: TaskSpec
      /** Since it could first have run. */
      waitedMs: number
      /** Attempts, none or one, that this call found to be lost with their worker. */
      lost: number
    }
  | { status: 'ended'; lost: number }
  | { status: 'wait'; ms: number }
  | { status: 'gone' }

/** How one attempt ended, as the store keeps it. */
export interface AttemptEnd {
  planId: string
  taskId: string
  attempt: number
  token: string
  /** `queued`: it is to run again, after `retryInMs`. */
  status: Exclude<TaskStatus, 'running'>
  outcome: Exclude<StoredAttempt['outcome'], 'running' | 'lost'>
  /** Whether it counts against the task's `attempts`. */
  spends: boolean
  error?: Failure | undefined
  usage?: Usage | undefined
  /** `provider:model` of what answered last, where one did. */
  answeredBy?: string | undefined
  retryInMs?: number | undefined
  output?: TaskOutput | undefined
}

/** The life of tasks. Each call is one step in the store: the state, its event and what follows from it. */
export interface TaskLife {
  /** A token names one attempt: the same call repeated begins nothing twice. */
  begin(task: {
    planId: string
    taskId: string
    token: string
    /** Of the job; a task that was retried since is not begun for it. */
    unit: number
    /** The fair-queueing round of the job; see `fairPriority`. */
    round: number
  }): Promise<BegunTask>
  /** `refused`: the attempt was taken for dead and begun elsewhere; nothing of it was stored. */
  end(end: AttemptEnd): Promise<{
    status: 'recorded' | 'refused' | 'gone'
    released: ReleasedUnits
    remaining: number
  }>
  cancel(
    planId: string,
    taskId: string,
  ): Promise<{
    status: 'gone' | 'unknown' | 'ended' | 'cancelled' | 'cancelling'
    released: ReleasedUnits
  }>
  stop(
    planId: string,
    code: Stop['code'],
    message: string,
  ): Promise<{ status: 'gone' | 'finished' | 'stopped'; released: ReleasedUnits }>
  /**
   * Queues ended tasks again. `changed`: another retry came first, or is still being enqueued, or
   * something that a task depends on has failed in the meantime. `in-use`: the task `by` runs with the
   * output of one of them, or is in the queue to do so.
   */
  requeue(
    planId: string,
    batch: RetryBatch,
  ): Promise<
    | { status: 'gone' | 'changed' | 'queued' }
    | { status: 'not-ended'; taskId: string }
    | { status: 'in-use'; taskId: string; by: string }
  >
  /** What a worker should have heard of: plans stopped, tasks cancelled. */
  stopped(planIds: readonly string[]): Promise<{ planId: string; stop?: Stop; cancels: string[] }[]>
  /** Units released but not yet known to be in the queue. */
  released(planId: string): Promise<ReleasedUnits>
  /** They are in the queue now. */
  confirmReleased(planId: string, units: ReleasedUnits): Promise<void>
  /** The number the next unit of a plan gets. */
  nextUnit(planId: string): Promise<number>
}

/** Parts of a synthesis on its way: kept until the version is stored, or the plan is gone. */
export interface PartStore {
  /** `over`: it is kept, or its version has been stored, or the plan is gone. */
  begin(job: PartJob): Promise<'go' | 'over'>
  /**
   * Keeps a part, with all that was used for it; the first one stays. `over`: the version has been
   * stored, or the plan is gone, and nothing was kept.
   */
  keep(job: PartJob, part: string, usage: Usage): Promise<'kept' | 'over'>
  /** Those of the places that are kept. */
  read(planId: string, jobId: string, places: readonly PartPlace[]): Promise<(string | undefined)[]>
  /** The places that are kept, without reading them. */
  places(planId: string, jobId: string): Promise<PartPlace[]>
  /** Records what goes into each part, once; answers with what is recorded, or nothing when it is over. */
  pinLayout(planId: string, jobId: string, layout: Slice[][]): Promise<Slice[][] | undefined>
  layout(planId: string, jobId: string): Promise<Slice[][] | undefined>
}

export interface SynthesisStore {
  begin(
    planId: string,
    jobId: string,
    kind: SynthesisJob['kind'],
  ): Promise<{ status: 'gone' | 'superseded' } | { status: 'done' | 'go'; version: number }>
  /** Stores the version and, where nothing else is left to do, finishes the plan with `outcome`. */
  finish(
    planId: string,
    jobId: string,
    result: {
      kind: SynthesisJob['kind']
      synthesis: SynthesisText | undefined
      outcome: Extract<PlanStatus, 'succeeded' | 'partial' | 'failed' | 'cancelled'>
      /** What was used beside the parts, whose usage is counted already. */
      usage: Usage | undefined
    },
  ): Promise<'gone' | 'done' | 'stored'>
  /** The version that a job is to write, or is writing already. */
  request(
    planId: string,
    jobId: string,
  ): Promise<{ status: 'gone' } | { status: 'allocated'; version: number }>
  get(planId: string, version: number): Promise<Synthesis | undefined>
  all(planId: string): Promise<Synthesis[]>
}

/** What needs looking after now and then, by any process. */
export interface Upkeep {
  /** Plans past their deadline, past their retention, and submitted but never marked as enqueued. */
  due(now: number): Promise<{ overdue: string[]; expired: string[]; active: string[] }>
  /** Plans whose submission was cut short more than `olderThanMs` ago. */
  unsealed(planIds: readonly string[], olderThanMs: number): Promise<string[]>
  /** Those with units that were released, and perhaps not put into the queue. */
  withReleased(planIds: readonly string[]): Promise<string[]>
  /** A deadline that was acted on. */
  settleDeadline(planId: string): Promise<void>
  /** A plan of which only its place on the lists is left. */
  forget(planId: string): Promise<void>
  /** Fair queueing begins at its first round again, now that nothing waits. */
  resetRounds(): Promise<void>
}

export interface StoredEvent {
  id: string
  type: string
  data: Record<string, unknown>
}

export interface PlanSnapshot {
  plan: PlanRecord
  states: Map<string, TaskState>
  newest: string
}

/** The event log of each plan. */
export interface EventLog {
  /** Events after an id, oldest first. */
  read(planId: string, after: string, count: number): Promise<StoredEvent[]>
  /** Whether the plan has an event of this id. */
  has(planId: string, id: string): Promise<boolean>
  /** The plan, all its tasks and the id of the newest event, as of one moment. */
  snapshot(planId: string): Promise<PlanSnapshot | undefined>
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
