import type { Pieces } from '../contract/api.ts'
import type { CachedFrom } from '../contract/cache.ts'
import type { Failure } from '../contract/errors.ts'
import type { TaskStatus } from '../contract/status.ts'
import type { CancelTasks } from '../contract/task-selection.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Usage } from '../contract/usage.ts'
import type { CoreTimes, TaskOutput } from './executor.ts'
import type { Growth, Lane, Stop, StoredAttempt, TaskState } from './records.ts'
import type { TaskInputs } from './reuse.ts'

/** Tasks to run again, or that were added, as new units numbered from `firstUnit`. */
export interface RetryBatch {
  firstUnit: number
  /** The fair-queueing round of the first unit; absent if the tasks take precedence, as retried ones do. */
  round?: number
  tasks: RetriedTask[]
}

export interface RetriedTask {
  taskId: string
  /** Everything the task depends on, including what has succeeded. */
  waitsFor: readonly string[]
  priority: number
  lane: Lane
  /**
   * Present if it only runs if an input has changed; otherwise it keeps its result. `writes`: its folder
   * has the edits of all tasks before it. `behind`: those it waits for without reading their outputs.
   */
  ifChanged?: { writes: boolean; behind: readonly string[] }
}

/** Tasks that are added to a stored plan; see `TaskLife.add`. */
export interface Addition {
  batch: RetryBatch
  /** In the order of the batch. */
  specs: readonly TaskSpec[]
  /** All tasks of the plan from now on, in plan order. */
  taskIds: readonly string[]
  growth: Growth
  /** For each task that a new one waits for, all that wait for it from now on. */
  dependents: ReadonlyMap<string, readonly string[]>
  /** How long the plan may take from now on, unless it has a deadline. */
  timeoutMs: number | undefined
  /** Digest of the key that identifies the addition, and hash of its request. */
  key: string
  requestHash: string
}

/** A task that has not ended, and those of the tasks to be retried that it depends on. */
export interface OutputUser {
  taskId: string
  uses: readonly string[]
}

/** Numbers of the units that may run now; see `UnitLayout`. */
export type ReleasedUnits = number[]

export type BegunTask =
  | {
      status: 'begun'
      taskId: string
      attempt: number
      spent: number
      spec: TaskSpec
      /** For a bundle: whether it should ask for another task after this one. */
      goesOn: boolean
      /**
       * For a bundle: the number of one more bundle to enqueue, so that free slots elsewhere can
       * help.
       */
      issued: number | undefined
      /** Time since the task could first have run. */
      waitedMs: number
      /** Attempts (0 or 1) that this call found lost with their worker. */
      lost: number
      /** It was retried by name, so it takes no output from elsewhere. */
      isAnew: boolean
    }
  | { status: 'ended'; taskId: string; lost: number }
  | { status: 'wait'; taskId: string; ms: number }
  /** For a bundle: it has nothing left to do. */
  | { status: 'none' }
  | { status: 'gone' }

/** How an attempt ended, as stored. */
export interface AttemptEnd {
  planId: string
  taskId: string
  attempt: number
  token: string
  /** `queued`: it is to run again after `retryInMs`. */
  status: Exclude<TaskStatus, 'running'>
  outcome: Exclude<StoredAttempt['outcome'], 'running' | 'lost'>
  /** Whether it counts towards the task's `attempts`. */
  spends: boolean
  error?: Failure | undefined
  usage?: Usage | undefined
  /** `provider:model` of the last answer, if there was one. */
  answeredBy?: string | undefined
  retryInMs?: number | undefined
  output?: TaskOutput | undefined
  /** Stored with the output of a task that has succeeded. */
  inputs?: TaskInputs | undefined
  cachedFrom?: CachedFrom | undefined
  coreTimes?: CoreTimes | undefined
}

/**
 * The life cycle of tasks. Each call is one step in the store: the state, its event and all
 * consequences. `isOver`: no task of the plan is left to run, at most some are left to `settle`.
 */
export interface TaskLife {
  /**
   * Starts an attempt. A token identifies one attempt: repeating the same call starts nothing
   * twice. A task that has lost its worker too often is ended by this call, which releases its
   * dependents.
   */
  begin(task: {
    planId: string
    /** `undefined`: the next task for the bundle `unit`. */
    taskId: string | undefined
    token: string
    /**
     * How often the job was handed to a worker. What an earlier delivery left unfinished comes
     * first.
     */
    delivery: number
    /** Of the job. A task that has been retried since is not started for it. */
    unit: number
    /** The fair-queueing round of the job; see `fairPriority`. */
    round: number
  }): Promise<BegunTask & { released: ReleasedUnits; isOver: boolean }>
  /**
   * `refused`: the attempt was considered dead and started elsewhere; nothing was stored.
   * `preliminary`: the number of a preliminary synthesis that is now due; only this call returns
   * it.
   */
  end(end: AttemptEnd): Promise<{
    status: 'recorded' | 'refused' | 'gone'
    released: ReleasedUnits
    preliminary: number | undefined
    isOver: boolean
  }>
  /**
   * Cancels tasks, all or none: the named tasks that have one of the statuses. `ended`: the named
   * task has ended, or no task has such a status.
   */
  cancel(
    planId: string,
    tasks: CancelTasks,
  ): Promise<
    | { status: 'gone' }
    | { status: 'unknown' | 'ended'; taskId: string | undefined }
    | { status: 'cancelled'; released: ReleasedUnits }
  >
  stop(
    planId: string,
    code: Stop['code'],
    message: string,
  ): Promise<{ status: 'gone' | 'finished' | 'not-due' | 'stopped'; released: ReleasedUnits }>
  /**
   * Queues ended tasks again, a few hundred at a time, and raises the plan's budget to `budgetUsd` if
   * given, even without tasks. The tasks must have been read after `nextUnit` returned the batch's
   * `firstUnit`. `timeoutMs` is how long the plan may take from now on, unless it has a deadline.
   * `changed`: another retry came first or is still being enqueued, or a dependency has failed in
   * the meantime. `spent`: the new budget is already used up. `in-use`: the task `by` runs with the
   * output of one of the tasks, or is queued to do so.
   */
  requeue(
    planId: string,
    batch: RetryBatch,
    options?: {
      budgetUsd?: number | undefined
      timeoutMs?: number | undefined
      /** Held ones wait again for the retried tasks; any other prevents the retry. */
      users?: readonly OutputUser[]
    },
  ): Promise<
    | { status: 'gone' | 'changed' | 'queued' }
    | { status: 'spent'; spentUsd: number }
    | { status: 'in-use'; taskId: string; by: string }
  >
  /**
   * Adds tasks, all or none. They must have been checked against tasks that were read after `nextUnit` returned the
   * batch's `firstUnit`. `known`: an addition with the same key was accepted before, for the request with this hash.
   * `stopped`: the plan was stopped, and so takes no more tasks. `changed`: as for `requeue`.
   */
  add(
    planId: string,
    addition: Addition,
  ): Promise<
    { status: 'gone' | 'changed' | 'stopped' | 'queued' } | { status: 'known'; requestHash: string }
  >
  /** The hash of the request that an addition with this key was accepted for. */
  added(planId: string, key: string): Promise<string | undefined>
  /** The latest fair-queueing round that a unit of the plan's shard has reached. */
  round(planId: string): Promise<number>
  /**
   * Does the remaining work of a plan that was stopped, or whose tasks end or are retried together. The
   * store does this a few hundred tasks at a time, and a process may die midway. Returns the units it has
   * released.
   */
  settle(planId: string): Promise<ReleasedUnits>
  /** What a worker may have missed: stopped plans and cancelled tasks. */
  stopped(planIds: readonly string[]): Promise<{ planId: string; stop?: Stop; cancels: string[] }[]>
  /** Units that were released but are not known to be in the queue. */
  released(planId: string): Promise<ReleasedUnits>
  /** Confirms that they are in the queue. */
  confirmReleased(planId: string, units: ReleasedUnits): Promise<void>
  /**
   * Those of the units (a few hundred at most) that nothing holds back; all of them if the plan is
   * gone.
   */
  unheld(planId: string, units: ReleasedUnits): Promise<ReleasedUnits>
  /**
   * The number of the plan's next unit. While it stays the same, tasks that were read as ended after
   * this call remain ended, because only a retry queues them again.
   */
  nextUnit(planId: string): Promise<number>
}

/** Reading the tasks of a plan. */
export interface TaskStore {
  specs(planId: string, taskIds: readonly string[]): Promise<(TaskSpec | undefined)[]>
  states(planId: string, taskIds: readonly string[]): Promise<TaskState[]>
  attempts(planId: string, taskId: string, count: number): Promise<StoredAttempt[]>
  outputs(planId: string, taskIds: readonly string[]): Promise<(TaskOutput | undefined)[]>
  /** One stored output: JSON of `TaskOutput` without white space, read piece by piece. */
  storedOutput(planId: string, taskId: string): Promise<Pieces | undefined>
  /**
   * Stored sizes of the outputs (of long ones rounded up) and of the specifications, in bytes; 0 if
   * there is none.
   */
  outputSizes(planId: string, taskIds: readonly string[]): Promise<number[]>
  specSizes(planId: string, taskIds: readonly string[]): Promise<number[]>
  /**
   * Ids of ended tasks in the order in which they ended, after a position (0 to start). A retry
   * does not shift positions; a task that ends again is listed again.
   */
  ended(planId: string, after: number, count: number): Promise<{ ids: string[]; last: number }>
}
