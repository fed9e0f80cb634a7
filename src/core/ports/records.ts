import type { CachedFrom, CacheSpec } from '../contract/cache.ts'
import type { Failure } from '../contract/errors.ts'
import type { PlanStatus, TaskCounts, TaskStatus } from '../contract/status.ts'
import type { Policy, SubmitPlan, SynthesisSpec, WorkspaceSpec } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import { NO_USAGE, type Usage } from '../contract/usage.ts'
import type { Overlap } from '../contract/views.ts'
import type { CoreTimes } from './executor.ts'

// What is stored about a plan. Times are milliseconds since 1970, by Redis's clock.

/** The part of a plan that never changes after submission, except that tasks may be added: see `Growth`. */
export interface PlanSpec {
  id: string
  tenant: string
  title: string
  mode: SubmitPlan['mode']
  policy: Policy
  /**
   * `{ files: true }` stands for inline files, whose contents are stored separately and read on
   * demand.
   */
  workspace: Exclude<WorkspaceSpec, { files: unknown }> | { files: true } | undefined
  /** The command that the merged edits are verified with. */
  verifyEdits?: string
  /** Each task works on its own copy, and the edits are merged at the end. */
  isolate: boolean
  synthesis: SynthesisSpec | false
  webhook: SubmitPlan['webhook']
  metadata: Record<string, unknown>
  waves: string[][]
  /** Overlaps that its policy allowed, at most 500. Absent if there are none. */
  overlaps?: Overlap[]
  /** What it was to cost, in US dollars. Absent if no model was to be called or a price is not known. */
  estimate?: { low: number; high: number }
  /** Of its tasks, unless they have their own. */
  cache?: CacheSpec
  units: UnitLayout
  traceparent: string | undefined
}

/**
 * How a plan's tasks are packed into jobs. A unit is one job: one task, or a bundle that takes
 * tasks of the plan as slots become free.
 */
export interface UnitLayout {
  /** How many tasks a unit holds; the last may hold fewer. */
  size: number
  /** How many tasks of one unit may run at the same time. */
  width: 'all' | 1
  /** How many units may be released at the same time; `null` if there is no limit. */
  limit: number | null
  /** One lane for all units, or the lane of each if they differ. */
  lane: Lane | Lane[]
  /** Units of the first batch; those of later batches have higher numbers. Absent in plans of older versions. */
  count?: number
  /** Tasks that were added later, in plan order from this index on, and the lane of each. */
  added?: { from: number; lanes: Lane[] }
  /** The synthesis has no separate job: the unit that ends the last task writes it. */
  writesSynthesis?: true
  /**
   * There are too many jobs for one transaction: they are enqueued in slices, all of them held, and
   * released once the whole batch is in the queue.
   */
  inSlices?: true
}

/** What adding tasks changes of a plan's `PlanSpec`. */
export interface Growth {
  waves: string[][]
  added: NonNullable<UnitLayout['added']>
}

/**
 * The kind of worker slot that a unit needs; see `Executor.lane`. `bulk` is `io` for the tasks of a
 * large plan.
 */
export type Lane = 'io' | 'bulk' | 'cpu'

/** Why a plan was stopped before its tasks had ended. */
export interface Stop extends Failure {
  code: 'cancelled' | 'aborted' | 'plan-timeout' | 'budget-exhausted' | 'provider-quota' | 'deleted'
}

/** The current state of a plan. */
export interface PlanRecord {
  spec: PlanSpec
  counts: TaskCounts
  usage: Usage
  createdAt: number
  startedAt: number | undefined
  finishedAt: number | undefined
  /** How often it was retried after it had finished. */
  reopened: number
  /** The outcome, once it has finished. */
  outcome: Extract<PlanStatus, 'succeeded' | 'partial' | 'failed' | 'cancelled'> | undefined
  expiresAt: number | undefined
  stop: Stop | undefined
  /** Which of the tasks' edits are missing from the plan's result. */
  editsProblem: Failure | undefined
  budgetUsd: number | undefined
  /**
   * Parts of the budget: reserved for running calls, and the possible cost of calls that never
   * reported it.
   */
  held: { reservedUsd: number; unknownUsd: number }
  synthesis: {
    status: 'pending' | 'running' | 'succeeded' | 'failed' | 'disabled'
    /** The newest version; 0 if there is none yet. */
    version: number
  }
  /** Whether tasks were still to run when the newest version was written. */
  isPreliminary: boolean
}

/** The current state of a task. A task without one in Redis is queued and has never run. */
export interface TaskState {
  status: TaskStatus
  /** Runs started so far. */
  attempt: number
  /** Runs that ended with their worker and did not count. */
  unspent: number
  /** Failed attempts; the task fails when there are `spec.attempts` of them. */
  spent: number
  /** When it could first have run: when the plan was created, unless it was held back. */
  queuedAt: number | undefined
  startedAt: number | undefined
  finishedAt: number | undefined
  workerId: string | undefined
  error: Failure | undefined
  usage: Usage
  /** `provider:model` of the last answer in the newest attempt that got one. */
  answeredBy?: string | undefined
  /** Of its attempts since `startedAt`. */
  coreTimes?: CoreTimes | undefined
  /** The task whose output it has taken. */
  cachedFrom?: CachedFrom | undefined
  /** When it is retried after a failed attempt. */
  retryAt?: number | undefined
}

/** The state of a task that has never run. */
export function untouchedTask(queuedAt: number | undefined): TaskState {
  return {
    status: 'queued',
    attempt: 0,
    spent: 0,
    unspent: 0,
    queuedAt,
    startedAt: undefined,
    finishedAt: undefined,
    workerId: undefined,
    error: undefined,
    usage: NO_USAGE,
  }
}

export interface StoredAttempt {
  number: number
  outcome:
    | 'running'
    | 'succeeded'
    | 'incomplete'
    | 'failed'
    | 'timed-out'
    | 'cancelled'
    | 'lost'
    | 'interrupted'
  startedAt: number
  finishedAt: number | undefined
  workerId: string
  usage: Usage
  answeredBy?: string | undefined
  /** The step of an earlier attempt that it continued from. */
  resumedFromStep?: number | undefined
  error: Failure | undefined
}

/**
 * A tenant's Idempotency-Key: its digest, and the first bytes of the plan id, which determine the
 * shard.
 */
export interface PlanKey {
  digest: string
  shardBytes: Uint8Array
}

/** A plan that is about to be stored. */
export interface NewPlan {
  /**
   * Repeated submissions find the plan by it; the plan's id is on the shard that the key
   * determines.
   */
  key: PlanKey | undefined
  spec: PlanSpec
  context: string
  tasks: TaskSpec[]
  files: Record<string, string> | undefined
  /** What was used to plan its goal, before the plan existed. */
  usage: Usage
  /** SHA-256 of the submitted body: the same key with a different body is rejected. */
  requestHash: string
  /** The body without what is stored elsewhere; see `keptSubmission`. */
  submission?: unknown
  initial: InitialUnits
}

/** The initial units of a plan, by number. */
export interface InitialUnits {
  released: number[]
  /** Held only by the plan's limit, in the order in which they will run. */
  ready: number[]
  /** For each held unit, the number of tasks that it waits for. */
  held: Map<number, number>
}
