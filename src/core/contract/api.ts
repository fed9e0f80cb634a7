/*
 * The terms of the domain.
 *
 * plan         what a caller submits: tasks, how to run them, and how to combine their outputs
 * task         one unit of work for one subagent; its spec never changes, its state does
 * executor     what runs tasks of one kind: `model`, `http`, `command`, `static`, `echo` …
 * attempt      one run of a task; a task that fails may have several
 * outcome      how an attempt or a plan ended
 * ended        of a task: its status is final, unless it is retried; of a plan it is called finished
 * stop         why a plan was ended early: cancelled, out of time, out of money, a failed task
 *
 * dependsOn    the tasks that the caller says must succeed before this one
 * waitsFor     `dependsOn`, plus the tasks that this one must follow because their files overlap
 * dependent    a task that waits for another
 * wave         tasks that may run at the same time according to their order
 * overlap      two tasks of one wave that touch the same files, one of them writing
 *
 * unit         tasks that are one job in the queue
 * batch        units that are enqueued together: those of a submission, or of a retry
 * held         of a unit: some of its tasks wait, or the plan's limit is reached; else it is released
 * lane         the kind of slot that a unit needs: `io` waits on others, `bulk` likewise for large plans, `cpu` computes
 * slot         room for one running task in a worker process
 *
 * finding      one thing that a task reports: a title, and a severity or a location
 * draft        what a model or the merge wrote over results, before it is checked against them
 * part         a draft over some of a plan's findings, if there are too many for one call
 * synthesis    the result of a plan: summary, findings, conflicts, actions; written in versions
 * merge        the deterministic synthesis, written without a model
 * ledger       for each reported finding, what became of it in the synthesis
 *
 * workspace    the files that a plan works on; each task that writes has its own copy
 * base         the state of the workspace at the start of a plan
 * edits        what a task changed in its copy
 *
 * usage        tokens, steps and money that calls have used
 * quote        what a call may cost: at least, at most, most likely
 * allowance    lets a spender reserve money of its plan's budget before a call, and settle after it
 * spender      an attempt or a synthesis, as far as money is concerned
 *
 * event        one change of a plan, in the order in which they happened
 * delivery     an event on its way to the plan's webhook
 * tenant       the owner of plans: an API key, or the one tenant of a service without keys
 * step         one answer of a model in an attempt, with the tools that it called
 * shard        a part of all plans, stored together in one slot of Redis
 */

import type { Delivery } from './delivery.ts'
import type { ExecutorList } from './executors.ts'
import type { PlanFilter } from './plan-filter.ts'
import type { TaskStatus } from './status.ts'
import type { Message, Step, StepPage } from './steps.ts'
import type { SynthesisSpec } from './submission.ts'
import type { SynthesisFormat } from './synthesis.ts'
import type { CancelTasks, RetryTasks } from './task-selection.ts'
import type { DryRun, Plan, PlanPage, Report, TaskDetail, TaskPage, Todos } from './views.ts'
import type { WorkersView } from './workers.ts'

// What the HTTP layer calls: one interface per resource. `main` assembles them from the use cases.
// Every call names the tenant; a plan of another tenant is `plan-not-found`, as if it did not
// exist. Every call may throw ServiceError, with `unavailable` while Redis is down.

/**
 * A wait ends after `timeoutMs`, when the caller's connection closes (`signal`), or at shutdown.
 */
export interface Wait {
  timeoutMs: number
  signal: AbortSignal
}

/**
 * UTF-8, in pieces that are read on demand, so that nobody holds, parses or writes large data as a
 * whole. Throws midway if the rest has been deleted.
 */
export type Pieces = AsyncIterable<Uint8Array>

export interface Submission {
  tenant: string
  /**
   * The parsed body, or the raw bytes of a large one, which is parsed and checked on another
   * thread.
   */
  body: unknown
  idempotencyKey: string | undefined
  /** W3C trace context of the caller, passed on to the tasks. */
  traceparent?: string | undefined
}

/** Tasks for a plan that exists; `body` is an `AddTasks`. */
export interface PlanAddition {
  tenant: string
  planId: string
  body: unknown
  idempotencyKey: string | undefined
}

export interface PlansApi {
  /** @throws {ServiceError} invalid-request, payload-too-large, overlapping-tasks, idempotency-key-reused, quota-exceeded */
  submit(submission: Submission): Promise<{ plan: Plan; created: boolean }>
  dryRun(submission: Submission): Promise<DryRun>
  /** A page may hold fewer plans than `limit`, or none, and still have a next one. */
  list(
    query: PlanFilter & { tenant: string; limit: number; cursor: string | undefined },
  ): Promise<PlanPage>
  /**
   * With `wait`: answers once the plan has finished, or with its current state when the time is up.
   */
  get(tenant: string, planId: string, wait?: Wait): Promise<Plan>
  /** Cancels the plan, or only `tasks` if given: all of them or none. */
  cancel(tenant: string, planId: string, tasks?: CancelTasks): Promise<Plan>
  /**
   * Runs ended tasks again, all or none: those named, or by default all that did not succeed.
   *
   * @throws {ServiceError} invalid-request, task-not-finished, budget-exceeded, quota-exceeded
   */
  retry(tenant: string, planId: string, tasks: RetryTasks): Promise<Plan>
  /**
   * Adds tasks, all or none, to a plan that runs or has finished. `created` is `false` for a repeat.
   *
   * @throws {ServiceError} invalid-request, overlapping-tasks, task-not-finished, plan-stopped, budget-exceeded,
   * quota-exceeded, idempotency-key-reused
   */
  add(addition: PlanAddition): Promise<{ plan: Plan; created: boolean }>
  /**
   * Raises the budget (in US dollars) of a plan that its budget stopped, and runs the rest of it.
   */
  resume(tenant: string, planId: string, budgetUsd: number): Promise<Plan>
  delete(tenant: string, planId: string): Promise<void>
  /**
   * The body as submitted. Files are listed by name, size and hash, or included if `files` is true.
   */
  submission(
    tenant: string,
    planId: string,
    options: { files: boolean },
  ): Promise<Record<string, unknown>>
  report(tenant: string, planId: string): Promise<Report>
  /** Deliveries to the plan's webhook, oldest first. */
  deliveries(tenant: string, planId: string): Promise<Delivery[]>
  todos(tenant: string, planId: string): Promise<Todos>
}

export interface TasksApi {
  list(query: {
    tenant: string
    planId: string
    status: TaskStatus | undefined
    limit: number
    cursor: string | undefined
  }): Promise<TaskPage>
  get(tenant: string, planId: string, taskId: string): Promise<TaskDetail>
  /** JSON of `TaskOutputAnswer`. Without `wait`: answers at once. */
  output(tenant: string, planId: string, taskId: string, wait: Wait | undefined): Promise<Pieces>
  /**
   * Every ended task of the plan with its output, each as JSON of `OutputTask`, in order of ending; ends
   * with what there is now.
   */
  outputs(tenant: string, planId: string): AsyncIterable<Pieces>
  /** What an agent has said and done; long arguments and results are cut. */
  steps(query: {
    tenant: string
    planId: string
    taskId: string
    limit: number
    cursor: string | undefined
  }): Promise<StepPage>
  /** @throws {ServiceError} step-not-found */
  step(tenant: string, planId: string, taskId: string, number: number): Promise<Step>
  /**
   * Sends a message to the agent of a task, which reads it before its next step.
   *
   * @throws {ServiceError} task-finished, messages-not-read, too-many-messages
   */
  message(message: {
    tenant: string
    planId: string
    taskId: string
    text: string
  }): Promise<Message>
  cancel(tenant: string, planId: string, taskId: string): Promise<TaskDetail>
  retry(tenant: string, planId: string, taskId: string): Promise<TaskDetail>
}

export interface SynthesesApi {
  /**
   * The newest version, JSON of `Synthesis` unless another format is requested.
   *
   * @throws {ServiceError} synthesis-not-ready, synthesis-disabled
   */
  newest(
    tenant: string,
    planId: string,
    options?: { wait?: Wait | undefined; as?: SynthesisFormat },
  ): Promise<Pieces>
  /** JSON of each version, oldest first. */
  all(tenant: string, planId: string): Promise<Pieces[]>
  get(tenant: string, planId: string, version: number, as?: SynthesisFormat): Promise<Pieces>
  /**
   * Requests another version without running tasks, and returns its number before it exists. A key
   * that was used before returns the number of its first request, and `created: false`.
   *
   * @throws {ServiceError} invalid-request, budget-exceeded, idempotency-key-reused
   */
  request(
    tenant: string,
    planId: string,
    spec: SynthesisSpec,
    idempotencyKey?: string,
  ): Promise<{ version: number; created: boolean }>
}

/** A change of a plan. Clients send `id` back as `Last-Event-ID`. */
export interface PlanEvent {
  id: string
  /** `snapshot`, `plan.*`, `task.*`, `synthesis.*`; `task.text` only if tokens were requested. */
  type: string
  /** Small JSON: ids, statuses, counts and times. Never a prompt; output only in `task.text`. */
  data: Record<string, unknown>
  /**
   * For a snapshot, the `tasks` of `data`, in pages that are read on demand. Read all of them before
   * the next event.
   */
  tasks?: AsyncIterable<Record<string, unknown>[]>
}

export interface EventsApi {
  /**
   * Yields a `snapshot` first (unless resuming after `lastEventId`), then every change in order.
   * Ends after `plan.finished` or when `signal` aborts. Nothing is read ahead of a slow consumer.
   * With `tokens`, the text of running tasks so far follows the snapshot, then the rest as it is
   * written, all of it before the task's end. With `taskId`, other tasks are left out. An id that
   * the plan does not have is ignored.
   *
   * @throws {ServiceError} plan-not-found, task-not-found
   */
  follow(
    tenant: string,
    planId: string,
    options: {
      lastEventId: string | undefined
      tokens: boolean
      taskId: string | undefined
      signal: AbortSignal
    },
  ): Promise<AsyncIterable<PlanEvent>>
}

export interface SystemApi {
  executors(): ExecutorList
  workers(): Promise<WorkersView>
  /** Whether Redis answers. Deliberately not whether workers are alive: plans wait for workers. */
  ready(): Promise<boolean>
}

export interface Api {
  plans: PlansApi
  tasks: TasksApi
  syntheses: SynthesesApi
  events: EventsApi
  system: SystemApi
}
