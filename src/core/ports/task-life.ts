import type { Failure } from '../contract/errors.ts'
import type { TaskStatus } from '../contract/status.ts'
import type { CancelTasks } from '../contract/task-selection.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Usage } from '../contract/usage.ts'
import type { TaskOutput } from './executor.ts'
import type { Lane, Stop, StoredAttempt, TaskState } from './records.ts'

/** Tasks to be run again as units of their own, numbered from `firstUnit`. */
export interface RetryBatch {
  firstUnit: number
  /** `waitsFor`: all that it depends on, those that have succeeded too. */
  tasks: { taskId: string; waitsFor: readonly string[]; priority: number; lane: Lane }[]
}

/** Units of the batch that may run now, by number; see `UnitLayout`. */
export type ReleasedUnits = number[]

export type BegunTask =
  | {
      status: 'begun'
      taskId: string
      attempt: number
      spent: number
      spec: TaskSpec
      /** Of a bundle: whether it is to ask for another task after this one. */
      goesOn: boolean
      /** Of a bundle: the number of one more, to be enqueued for slots elsewhere. */
      issued: number | undefined
      /** Since it could first have run. */
      waitedMs: number
      /** Attempts, none or one, that this call found to be lost with their worker. */
      lost: number
    }
  | { status: 'ended'; taskId: string; lost: number }
  | { status: 'wait'; taskId: string; ms: number }
  /** Of a bundle: there is nothing left for it to do. */
  | { status: 'none' }
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
  /**
   * A token names one attempt: the same call repeated begins nothing twice. A task that is found to have
   * lost its worker too often ends by this call, and releases what waits for it.
   */
  begin(task: {
    planId: string
    /** `undefined`: whichever is the next for the bundle `unit`. */
    taskId: string | undefined
    token: string
    /** How often the job was handed to a worker; what an earlier delivery left behind is taken first. */
    delivery: number
    /** Of the job; a task that was retried since is not begun for it. */
    unit: number
    /** The fair-queueing round of the job; see `fairPriority`. */
    round: number
  }): Promise<BegunTask & { released: ReleasedUnits }>
  /**
   * `refused`: the attempt was taken for dead and begun elsewhere; nothing of it was stored.
   * `preliminary`: the number of a preliminary synthesis that is due now, of which no other call hears.
   */
  end(end: AttemptEnd): Promise<{
    status: 'recorded' | 'refused' | 'gone'
    released: ReleasedUnits
    preliminary: number | undefined
  }>
  /**
   * Cancels tasks, all or none: those named that have one of the statuses. `ended`: the task named has
   * ended, or none has such a status.
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
   * Queues ended tasks again, and with `budgetUsd` raises the budget of the plan, which is all that it
   * does where there are no tasks. `timeoutMs`: the plan may take so long from now on, unless it has a
   * deadline. `changed`: another retry came first, or is still being enqueued, or
   * something that a task depends on has failed in the meantime. `spent`: the new budget is used up already. `in-use`: the task `by` runs with the
   * output of one of them, or is in the queue to do so.
   */
  requeue(
    planId: string,
    batch: RetryBatch,
    options?: { budgetUsd?: number | undefined; timeoutMs?: number | undefined },
  ): Promise<
    | { status: 'gone' | 'not-ended' | 'changed' | 'queued' }
    | { status: 'spent'; spentUsd: number }
    | { status: 'in-use'; taskId: string; by: string }
  >
  /**
   * Ends what is still to be ended of a plan that was stopped, or whose tasks end together: a store does
   * that a few hundred at a time, and a process may die in the middle. Answers the units it has released.
   */
  settle(planId: string): Promise<ReleasedUnits>
  /** What a worker should have heard of: plans stopped, tasks cancelled. */
  stopped(planIds: readonly string[]): Promise<{ planId: string; stop?: Stop; cancels: string[] }[]>
  /** Units released but not yet known to be in the queue. */
  released(planId: string): Promise<ReleasedUnits>
  /** They are in the queue now. */
  confirmReleased(planId: string, units: ReleasedUnits): Promise<void>
  /** Those of the units, a few hundred at most, that nothing holds back; of a plan that is gone, all. */
  unheld(planId: string, units: ReleasedUnits): Promise<ReleasedUnits>
  /** The number the next unit of a plan gets. */
  nextUnit(planId: string): Promise<number>
}

/** Reading the tasks of a plan. */
export interface TaskStore {
  specs(planId: string, taskIds: readonly string[]): Promise<(TaskSpec | undefined)[]>
  states(planId: string, taskIds: readonly string[]): Promise<TaskState[]>
  attempts(planId: string, taskId: string, count: number): Promise<StoredAttempt[]>
  outputs(planId: string, taskIds: readonly string[]): Promise<(TaskOutput | undefined)[]>
  /** One output as it is stored: JSON of `TaskOutput`. */
  storedOutput(planId: string, taskId: string): Promise<Uint8Array | undefined>
  /** Bytes of the outputs, and of the specifications, as they are stored; 0 for none. */
  outputSizes(planId: string, taskIds: readonly string[]): Promise<number[]>
  specSizes(planId: string, taskIds: readonly string[]): Promise<number[]>
  /**
   * Ids of ended tasks in order of ending, after a position, 0 at first. What a retry takes away moves no
   * position; a task that ends again comes again.
   */
  ended(planId: string, after: number, count: number): Promise<{ ids: string[]; last: number }>
}
