import type { Delivery } from './delivery.ts'
import type { PlanStatus, TaskStatus } from './status.ts'
import type { SynthesisSpec } from './submission.ts'
import type { Synthesis } from './synthesis.ts'
import type {
  DryRun,
  ExecutorList,
  OutputTask,
  Plan,
  PlanPage,
  Report,
  TaskDetail,
  TaskOutputAnswer,
  TaskPage,
  Todos,
} from './views.ts'
import type { WorkersView } from './workers.ts'

// What the HTTP layer calls: one interface a resource. `main` puts them together from the use cases.
// Every call names the tenant; a plan of another tenant is `plan-not-found`, as if it did not exist.
// Every call may throw ServiceError, `unavailable` while Redis is away.

/** Waits end at the time given, when the caller's connection closes (`signal`), or at shutdown. */
export interface Wait {
  timeoutMs: number
  signal: AbortSignal
}

export interface Submission {
  tenant: string
  /** The parsed body, or for a large one the bytes as received: parsed and checked off this thread. */
  body: unknown
  idempotencyKey: string | undefined
  /** W3C trace context of the caller, passed on to the tasks. */
  traceparent?: string | undefined
}

export interface PlansApi {
  /** @throws {ServiceError} invalid-request, payload-too-large, overlapping-tasks, idempotency-key-reused, quota-exceeded */
  submit(submission: Submission): Promise<{ plan: Plan; created: boolean }>
  dryRun(submission: Submission): Promise<DryRun>
  list(query: {
    tenant: string
    status: PlanStatus | undefined
    limit: number
    cursor: string | undefined
  }): Promise<PlanPage>
  /** With `wait`: answers once the plan has finished, or with what there is when the time is up. */
  get(tenant: string, planId: string, wait?: Wait): Promise<Plan>
  cancel(tenant: string, planId: string): Promise<Plan>
  /** Raises the budget (in US dollars) of a plan that its budget stopped, and runs what is left. */
  resume(tenant: string, planId: string, budgetUsd: number): Promise<Plan>
  delete(tenant: string, planId: string): Promise<void>
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
  /** Without `wait`: answers at once. */
  output(
    tenant: string,
    planId: string,
    taskId: string,
    wait: Wait | undefined,
  ): Promise<TaskOutputAnswer>
  /** Every ended task of the plan with its output, in order of ending; ends with what there is now. */
  outputs(tenant: string, planId: string): AsyncIterable<OutputTask>
  cancel(tenant: string, planId: string, taskId: string): Promise<TaskDetail>
  retry(tenant: string, planId: string, taskId: string): Promise<TaskDetail>
}

export interface SynthesesApi {
  /** The newest version. @throws {ServiceError} synthesis-not-ready, synthesis-disabled */
  newest(tenant: string, planId: string, wait?: Wait): Promise<Synthesis>
  all(tenant: string, planId: string): Promise<Synthesis[]>
  get(tenant: string, planId: string, version: number): Promise<Synthesis>
  /** Asks for another version without running tasks; answers with its number, before it exists. */
  request(tenant: string, planId: string, spec: SynthesisSpec): Promise<{ version: number }>
}

/** One change of a plan. `id` is what `Last-Event-ID` carries. */
export interface PlanEvent {
  id: string
  /** `snapshot`, `plan.*`, `task.*`, `synthesis.*`; `task.text` only when tokens were asked for. */
  type: string
  /** Small JSON: ids, status, counts, times; never a prompt, and of outputs only `task.text`'s. */
  data: Record<string, unknown>
}

export interface EventsApi {
  /**
   * A `snapshot` first (not when resuming after `lastEventId`), then every change in order, ending
   * after `plan.finished` or when `signal` aborts. A slow consumer is not read ahead for. With `tokens`
   * what running tasks have written so far comes with it, then the rest, and all of it before their end.
   * With `taskId` nothing of other tasks comes. An id that no event of the plan has is as good as none.
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
  /** Whether Redis answers. Deliberately not whether workers are alive: plans wait for those. */
  ready(): Promise<boolean>
}

export interface Api {
  plans: PlansApi
  tasks: TasksApi
  syntheses: SynthesesApi
  events: EventsApi
  system: SystemApi
}
