import type { Failure } from '../contract/errors.ts'
import type { PlanStatus, TaskCounts, TaskStatus } from '../contract/status.ts'
import type { Policy, SubmitPlan, SynthesisSpec, WorkspaceSpec } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import { NO_USAGE, type Usage } from '../contract/usage.ts'
import type { Overlap } from '../contract/views.ts'

// What is kept of a plan. Times are milliseconds since 1970, by the clock of Redis.

/** The part of a plan that never changes after it was submitted. */
export interface PlanSpec {
  id: string
  tenant: string
  title: string
  mode: SubmitPlan['mode']
  policy: Policy
  /** Inline files are kept apart: `files` is then true and the texts are read on demand. */
  workspace: Exclude<WorkspaceSpec, { files: unknown }> | { files: true } | undefined
  /** Each task works on its own copy, and its edits are merged at the end. */
  isolate: boolean
  synthesis: SynthesisSpec | false
  webhook: SubmitPlan['webhook']
  metadata: Record<string, unknown>
  waves: string[][]
  /** Those that its policy allowed; at most 500. Absent where there are none. */
  overlaps?: Overlap[]
  units: UnitLayout
  traceparent: string | undefined
}

/**
 * How a plan's tasks are packed into queue jobs. A unit is one job: one task, or a bundle, which takes
 * tasks of the plan as slots come free.
 */
export interface UnitLayout {
  /** How many tasks one unit holds; the last may hold fewer. */
  size: number
  /** How many tasks of one unit may run at once. */
  width: 'all' | 1
  /** How many units may be released at once; `null` when nothing holds them back. */
  limit: number | null
  /** Lane of each unit when they differ, else of all of them. */
  lane: Lane | Lane[]
}

/** Which workers a unit waits for: see `Executor.lane`; `bulk` is `io` for the tasks of a large plan. */
export type Lane = 'io' | 'bulk' | 'cpu'

/** Why a plan was stopped before its tasks had ended. */
export interface Stop extends Failure {
  code: 'cancelled' | 'aborted' | 'plan-timeout' | 'budget-exhausted' | 'provider-quota' | 'deleted'
}

/** A plan as it stands. */
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
  /** What of the tasks' edits the plan ended without. */
  editsProblem: Failure | undefined
  budgetUsd: number | undefined
  /** Of the budget: set aside for calls that run, and what calls may have cost that nobody told of. */
  held: { reservedUsd: number; unknownUsd: number }
  synthesis: {
    status: 'pending' | 'running' | 'succeeded' | 'failed' | 'disabled'
    /** The newest version; 0 before there is one. */
    version: number
  }
  /** Whether tasks were still to run when the newest version was written. */
  isPreliminary: boolean
}

/** A task as it stands. Absent in Redis means queued and never begun. */
export interface TaskState {
  status: TaskStatus
  /** Runs begun so far. */
  attempt: number
  /** Runs that ended with their worker, and spent nothing. */
  unspent: number
  /** Attempts that failed; `spec.attempts` of them are too many. */
  spent: number
  /** When it could first have run; the plan's creation unless it was held back. */
  queuedAt: number | undefined
  startedAt: number | undefined
  finishedAt: number | undefined
  workerId: string | undefined
  error: Failure | undefined
  usage: Usage
  /** `provider:model` of what answered last in the newest attempt that had an answer. */
  answeredBy?: string | undefined
  /** When it is tried again, after an attempt that failed. */
  retryAt?: number | undefined
}

/** The state of a task that nothing has happened to yet. */
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
  error: Failure | undefined
}

/** An Idempotency-Key of one tenant: its digest, and the plan id's first bytes, which name its shard. */
export interface PlanKey {
  digest: string
  shardBytes: Uint8Array
}

/** A plan on its way into the store. */
export interface NewPlan {
  /** A repetition finds the plan by it; its id lies on the shard that the key names. */
  key: PlanKey | undefined
  spec: PlanSpec
  context: string
  tasks: TaskSpec[]
  files: Record<string, string> | undefined
  /** What was used before the plan began, to plan its goal. */
  usage: Usage
  /** SHA-256 of the submitted body: the same key with another body is refused. */
  requestHash: string
  /** The body without what is kept elsewhere; see `keptSubmission`. */
  submission?: unknown
  initial: InitialUnits
}

/** The units of a plan before anything of it has run, by number. */
export interface InitialUnits {
  released: number[]
  /** Held by the limit of the plan alone, in the order in which they come. */
  ready: number[]
  /** For each held unit, the number of tasks that it still waits for. */
  held: Map<number, number>
}
