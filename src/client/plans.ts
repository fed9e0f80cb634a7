import { isDoneBefore, TuttiError } from './error.ts'
import { type FollowOptions, followPlan, type PlanEvent } from './events.ts'
import { itemsOf, type Page } from './pages.ts'
import { poll, seconds } from './polling.ts'
import { randomKey } from './random-key.ts'
import type {
  CancelTasks,
  Delivery,
  DryRun,
  Plan,
  PlanStatus,
  Report,
  RetryTasks,
  TaskSubmission,
  Todos,
} from './schema.ts'
import { isFinished } from './status.ts'
import type { CallOptions, Transport } from './transport.ts'
import type { AwaitedPlan, PlanSubmission } from './types.ts'

export interface SubmitOptions extends CallOptions {
  /**
   * Repeating a call with the same key and plan creates no second plan. By default the client uses
   * a random key, so that its own retries are safe.
   */
  idempotencyKey?: string | undefined
  /**
   * How long the service may wait for the plan to finish before it answers. At most four minutes.
   */
  waitMs?: number | undefined
}

export interface PlanQuery extends CallOptions {
  status?: PlanStatus | undefined
  /** Words that must all appear in the title, id or metadata, ignoring case. */
  search?: string | undefined
  /** ISO 8601; the first included, the second not. */
  createdFrom?: string | undefined
  createdBefore?: string | undefined
  minCostUsd?: number | undefined
  maxCostUsd?: number | undefined
  /** Items per page. */
  limit?: number | undefined
}

export interface WaitOptions extends CallOptions {
  /** How long to wait overall, rounded up to seconds. By default, as long as it takes. */
  waitMs?: number | undefined
}

export interface CancelOptions extends CallOptions, CancelTasks {}
export interface RetryOptions extends CallOptions, RetryTasks {}

export type AddOptions = CallOptions & Pick<SubmitOptions, 'idempotencyKey'>

/** Every call throws `TuttiError`, or its signal's reason. */
export interface Plans {
  /** Stores the plan and enqueues all its tasks. */
  submit(plan: PlanSubmission, options: SubmitOptions & { dryRun: true }): Promise<DryRun>
  submit(plan: PlanSubmission, options: SubmitOptions & { waitMs: number }): Promise<AwaitedPlan>
  submit(plan: PlanSubmission, options?: SubmitOptions & { dryRun?: false }): Promise<Plan>
  get(planId: string, options?: CallOptions): Promise<Plan>
  /** All plans, newest first. */
  list(query?: PlanQuery): AsyncGenerator<Plan, void>
  page(query?: PlanQuery & { cursor?: string | undefined }): Promise<Page<Plan>>
  /**
   * Waits for the plan to finish. @throws {TuttiError} `timeout` if it has not finished in time.
   */
  wait(planId: string, options?: WaitOptions): Promise<Plan>
  /** Every change until the plan has finished, across broken connections. */
  events(planId: string, options?: FollowOptions): AsyncGenerator<PlanEvent, void>
  /** Cancels the plan, or with `tasks` or `status` only these tasks: all of them or none. */
  cancel(planId: string, options?: CancelOptions): Promise<Plan>
  /**
   * Adds tasks to a plan that runs or has finished, all or none. Without an `idempotencyKey` a random one makes
   * retries safe.
   */
  add(planId: string, tasks: readonly TaskSubmission[], options?: AddOptions): Promise<Plan>
  /** Runs ended tasks again, all or none; by default all that did not succeed. */
  retry(planId: string, options?: RetryOptions): Promise<Plan>
  /** Raises the budget of a plan that its budget stopped, and runs the rest. */
  resume(planId: string, budgetUsd: number, options?: CallOptions): Promise<Plan>
  delete(planId: string, options?: CallOptions): Promise<void>
  report(planId: string, options?: CallOptions): Promise<Report>
  todos(planId: string, options?: CallOptions): Promise<Todos>
  /**
   * What the plan was submitted with; with `files` including their contents, so that it can be
   * submitted again.
   */
  submission(planId: string, options?: CallOptions & { files?: boolean }): Promise<PlanSubmission>
  /** The state of the plan's webhook deliveries. */
  deliveries(planId: string, options?: CallOptions): Promise<Delivery[]>
}

/** Node's fetch gives up if it gets no response headers within five minutes. */
const LONGEST_ANSWER_MS = 240_000

export function planPath(planId: string): string {
  return `/v1/plans/${encodeURIComponent(planId)}`
}

export function plansOf(transport: Transport): Plans {
  const get = async <T>(path: string, options: CallOptions | undefined): Promise<T> => {
    const { body } = await transport.json<T>({ method: 'GET', path, repeatable: true, options })
    return body
  }

  const page: Plans['page'] = async ({ signal, timeoutMs, ...query } = {}) => {
    const { body } = await transport.json<Page<Plan>>({
      method: 'GET',
      path: '/v1/plans',
      query,
      repeatable: true,
      options: { signal, timeoutMs },
    })
    return body
  }

  async function submit(
    plan: PlanSubmission,
    options: SubmitOptions & { dryRun: true },
  ): Promise<DryRun>
  async function submit(plan: PlanSubmission, options?: SubmitOptions): Promise<Plan>
  async function submit(
    plan: PlanSubmission,
    { idempotencyKey, waitMs, dryRun, ...options }: SubmitOptions & { dryRun?: boolean } = {},
  ): Promise<Plan | DryRun> {
    const awaitedMs = Math.min(waitMs ?? 0, LONGEST_ANSWER_MS)
    const wait: Record<string, string> =
      waitMs === undefined ? {} : { prefer: `wait=${seconds(awaitedMs)}` }
    const { body } = await transport.json<Plan | DryRun>({
      method: 'POST',
      path: '/v1/plans',
      query: { dryRun: dryRun === true ? true : undefined },
      headers: dryRun === true ? {} : { 'idempotency-key': idempotencyKey ?? randomKey(), ...wait },
      body: plan,
      repeatable: true,
      // A model plans the tasks of a goal before the service answers.
      waitMs: plan.goal === undefined ? awaitedMs : LONGEST_ANSWER_MS,
      options,
    })
    return body
  }

  return {
    submit,
    page,
    list: (query = {}) => itemsOf((cursor) => page({ ...query, cursor })),
    get: (planId, options) => get(planPath(planId), options),
    report: (planId, options) => get(`${planPath(planId)}/report`, options),
    todos: (planId, options) => get(`${planPath(planId)}/todos`, options),
    async submission(planId, { files, ...options } = {}) {
      const { body } = await transport.json<PlanSubmission>({
        method: 'GET',
        path: `${planPath(planId)}/submission`,
        query: { files },
        repeatable: true,
        options,
      })
      return body
    },
    async deliveries(planId, options) {
      const { items } = await get<{ items: Delivery[] }>(`${planPath(planId)}/deliveries`, options)
      return items
    },
    events: (planId, options) => followPlan(transport, planPath(planId), options),

    async wait(planId, { waitMs, ...options } = {}) {
      const ask = async (pollMs: number) => {
        const { body } = await transport.json<Plan>({
          method: 'GET',
          path: planPath(planId),
          query: { wait: seconds(pollMs) },
          repeatable: true,
          waitMs: pollMs,
          options,
        })
        return body
      }
      const plan = await poll(waitMs, ask, ({ status }) => isFinished(status))
      if (isFinished(plan.status)) return plan
      throw new TuttiError('timeout', `plan ${planId} has not finished in ${waitMs} ms`)
    },

    async cancel(planId, { tasks, status, ...options } = {}) {
      const isWhole = tasks === undefined && status === undefined
      try {
        const { body } = await transport.json<Plan>({
          method: 'POST',
          path: `${planPath(planId)}/cancel`,
          ...(isWhole ? {} : { body: { tasks, status } }),
          repeatable: true,
          options,
        })
        return body
      } catch (error) {
        const code = isWhole ? 'plan-finished' : 'task-finished'
        if (isDoneBefore(error, code)) return get(planPath(planId), options)
        throw error
      }
    },

    async retry(planId, { tasks, status, ...options } = {}) {
      const { body } = await transport.json<Plan>({
        method: 'POST',
        path: `${planPath(planId)}/retry`,
        body: { tasks, status },
        // Repeating it would run the tasks twice, or fail because they are running.
        repeatable: false,
        options,
      })
      return body
    },

    async add(planId, tasks, { idempotencyKey, ...options } = {}) {
      const { body } = await transport.json<Plan>({
        method: 'POST',
        path: `${planPath(planId)}/tasks`,
        headers: { 'idempotency-key': idempotencyKey ?? randomKey() },
        body: { tasks },
        repeatable: true,
        options,
      })
      return body
    },

    async resume(planId, budgetUsd, options) {
      const { body } = await transport.json<Plan>({
        method: 'POST',
        path: `${planPath(planId)}/resume`,
        body: { budgetUsd },
        // The budget is set rather than added to.
        repeatable: true,
        options,
      })
      return body
    },

    async delete(planId, options) {
      try {
        await transport.json({
          method: 'DELETE',
          path: planPath(planId),
          repeatable: true,
          options,
        })
      } catch (error) {
        // An earlier try deleted the plan, and only its answer was lost.
        if (error instanceof TuttiError && error.code === 'plan-not-found' && error.tries > 1)
          return
        throw error
      }
    },
  }
}
