import type { Api, PlanEvent, Submission, Wait } from '../../src/core/contract/api.ts'
import { ServiceError } from '../../src/core/contract/errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/core/contract/limits.ts'
import { isFinished } from '../../src/core/contract/status.ts'
import { type SynthesisSpec, submitPlanSchema } from '../../src/core/contract/submission.ts'
import type { Synthesis, SynthesisFormat } from '../../src/core/contract/synthesis.ts'
import type { OutputTask, Plan, TaskDetail } from '../../src/core/contract/views.ts'
import { exportSynthesis } from '../../src/core/export/export-synthesis.ts'
import { parseJsonBody } from '../../src/http/json-body.ts'
import { MESSAGE, STEP, STEP_PAGE } from '../../src/http/openapi/example-steps.ts'
import { STORED_SUBMISSION } from '../../src/http/openapi/example-submissions.ts'
import {
  DRY_RUN,
  EXECUTORS,
  OUTPUT_TASK,
  PLAN,
  REPORT,
  SYNTHESIS,
  TASK_DETAIL,
  TASK_PAGE,
  TODOS,
} from '../../src/http/openapi/examples.ts'
import { inOnePiece, jsonOf } from './exporting.ts'

/** The service in memory, for tests of what HTTP adds. Its plans change only when a test says so. */
export interface FakeApi extends Api {
  /** What was submitted, as the HTTP layer handed it over. */
  submissions: Submission[]
  /** What other calls were made with. */
  calls: { call: string; args: unknown[] }[]
  /** How many calls wait right now. */
  waiting(): number
  /** Every call fails with this from now on. */
  failWith(error: Error | undefined): void
  addPlan(planId: string, tenant?: string): Plan
  finish(planId: string, synthesis?: Synthesis): void
  /** Outputs of the tasks that have ended. */
  outputs: OutputTask[]
  /** Called for each output that is read, before it is handed out. */
  onOutputRead: () => void
  emit(planId: string, event: PlanEvent): void
  setReady(isReady: boolean): void
}

interface Stored {
  tenant: string
  plan: Plan
  syntheses: Synthesis[]
  events: PlanEvent[]
  idempotencyKey: string | undefined
  body: string
}

export function fakeApi(limits: Limits = DEFAULT_LIMITS): FakeApi {
  const schema = submitPlanSchema(limits)
  const stored = new Map<string, Stored>()
  const watchers = new Set<() => void>()
  let failure: Error | undefined
  let isReady = true

  const changed = () => {
    for (const watcher of watchers) watcher()
  }
  const find = (tenant: string, planId: string): Stored => {
    if (failure !== undefined) throw failure
    const found = stored.get(planId)
    if (found?.tenant !== tenant) throw new ServiceError('plan-not-found', 'There is no such plan.')
    return found
  }
  const until = async (isDone: () => boolean, wait: Wait): Promise<void> => {
    if (isDone() || wait.signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const watcher = () => {
      if (isDone()) resolve()
    }
    watchers.add(watcher)
    const timer = setTimeout(resolve, wait.timeoutMs)
    wait.signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    clearTimeout(timer)
    watchers.delete(watcher)
  }
  const task = (tenant: string, planId: string, taskId: string): TaskDetail => {
    find(tenant, planId)
    if (taskId !== TASK_DETAIL.id) throw new ServiceError('task-not-found', 'No such task.')
    return TASK_DETAIL
  }
  const record = (call: string, ...args: unknown[]) => api.calls.push({ call, args })

  const api: FakeApi = {
    submissions: [],
    calls: [],
    outputs: [OUTPUT_TASK],
    onOutputRead: () => {},
    waiting: () => watchers.size,
    failWith(error) {
      failure = error
    },
    setReady(ready) {
      isReady = ready
    },
    addPlan(planId, tenant = 'default') {
      const plan = { ...PLAN, id: planId }
      const entry = { tenant, plan, syntheses: [], events: [], idempotencyKey: undefined, body: '' }
      stored.set(planId, entry)
      return plan
    },
    finish(planId, synthesis = SYNTHESIS) {
      const found = stored.get(planId)
      if (found === undefined) throw new Error(`no plan ${planId}`)
      found.syntheses.push(synthesis)
      const { version } = synthesis
      const state = { status: 'succeeded', version } as const
      found.plan = { ...found.plan, status: 'succeeded', synthesis: state }
      changed()
    },
    emit(planId, event) {
      stored.get(planId)?.events.push(event)
      changed()
    },

    plans: {
      async submit(submission) {
        api.submissions.push(submission)
        if (failure !== undefined) throw failure
        checkBody(submission.body)
        const body = Buffer.isBuffer(submission.body)
          ? submission.body.toString()
          : JSON.stringify(submission.body)
        for (const { plan, ...known } of stored.values()) {
          if (known.idempotencyKey !== submission.idempotencyKey) continue
          if (submission.idempotencyKey === undefined || known.tenant !== submission.tenant)
            continue
          if (known.body === body) return { plan, created: false }
          throw new ServiceError('idempotency-key-reused', 'The key was used with another body.')
        }
        const plan = api.addPlan(`p${stored.size + 1}x`, submission.tenant)
        Object.assign(stored.get(plan.id) ?? {}, {
          idempotencyKey: submission.idempotencyKey,
          body,
        })
        return { plan, created: true }
      },
      async dryRun(submission) {
        api.submissions.push(submission)
        checkBody(submission.body)
        return DRY_RUN
      },
      async list(query) {
        if (failure !== undefined) throw failure
        record('plans.list', query)
        const items = [...stored.values()].filter(({ tenant }) => tenant === query.tenant)
        return { items: items.map(({ plan }) => plan), nextCursor: null }
      },
      async get(tenant, planId, wait) {
        record('plans.get', tenant, planId, wait)
        const found = find(tenant, planId)
        if (wait !== undefined) await until(() => isFinished(found.plan.status), wait)
        return find(tenant, planId).plan
      },
      async cancel(tenant, planId, tasks) {
        record('plans.cancel', tenant, planId, tasks)
        return find(tenant, planId).plan
      },
      async add({ tenant, planId, body, idempotencyKey }) {
        record('plans.add', tenant, planId, body, idempotencyKey)
        return { plan: find(tenant, planId).plan, created: true }
      },
      async retry(tenant, planId, tasks) {
        record('plans.retry', tenant, planId, tasks)
        return find(tenant, planId).plan
      },
      async resume(tenant, planId, budgetUsd) {
        record('plans.resume', tenant, planId, budgetUsd)
        return find(tenant, planId).plan
      },
      async delete(tenant, planId) {
        find(tenant, planId)
        stored.delete(planId)
      },
      report: async (tenant, planId) => find(tenant, planId) && REPORT,
      todos: async (tenant, planId) => find(tenant, planId) && TODOS,
      submission: async (tenant, planId) => find(tenant, planId) && STORED_SUBMISSION,
      deliveries: async (tenant, planId) => find(tenant, planId) && [],
    },

    tasks: {
      async list(query) {
        record('tasks.list', query)
        find(query.tenant, query.planId)
        return TASK_PAGE
      },
      get: async (tenant, planId, taskId) => task(tenant, planId, taskId),
      async output(tenant, planId, taskId, wait) {
        record('tasks.output', tenant, planId, taskId, wait)
        task(tenant, planId, taskId)
        const found = find(tenant, planId)
        if (wait !== undefined) await until(() => isFinished(found.plan.status), wait)
        if (isFinished(found.plan.status)) {
          return inOnePiece({ retrievalStatus: 'success', task: OUTPUT_TASK })
        }
        const running: OutputTask = { ...OUTPUT_TASK, status: 'running', output: '' }
        return inOnePiece({
          retrievalStatus: wait === undefined ? 'not_ready' : 'timeout',
          task: running,
        })
      },
      async *outputs(tenant, planId) {
        find(tenant, planId)
        for (const output of api.outputs) {
          api.onOutputRead()
          yield inOnePiece(output)
        }
      },
      async steps(query) {
        record('tasks.steps', query)
        task(query.tenant, query.planId, query.taskId)
        return STEP_PAGE
      },
      async step(tenant, planId, taskId, number) {
        task(tenant, planId, taskId)
        if (number !== STEP.number) throw new ServiceError('step-not-found', 'No such step.')
        return STEP
      },
      async message({ tenant, planId, taskId, text }) {
        record('tasks.message', tenant, planId, taskId, text)
        task(tenant, planId, taskId)
        return { ...MESSAGE, text }
      },
      cancel: async (tenant, planId, taskId) => task(tenant, planId, taskId),
      retry: async (tenant, planId, taskId) => task(tenant, planId, taskId),
    },

    syntheses: {
      async newest(tenant, planId, { wait, as } = {}) {
        const found = find(tenant, planId)
        if (wait !== undefined) await until(() => found.syntheses.length > 0, wait)
        const newest = found.syntheses.at(-1)
        if (newest === undefined) throw new ServiceError('synthesis-not-ready', 'Not yet.')
        return exported(newest, as, found.plan.title)
      },
      all: async (tenant, planId) => find(tenant, planId).syntheses.map(inOnePiece),
      async get(tenant, planId, version, as) {
        const found = find(tenant, planId).syntheses[version - 1]
        if (found === undefined) throw new ServiceError('synthesis-not-found', 'No such version.')
        return exported(found, as, find(tenant, planId).plan.title)
      },
      async request(tenant, planId, spec: SynthesisSpec, key) {
        record('syntheses.request', tenant, planId, spec, ...(key === undefined ? [] : [key]))
        return { version: find(tenant, planId).syntheses.length + 1, created: key !== 'again' }
      },
    },

    events: {
      async follow(tenant, planId, { lastEventId, tokens, taskId, signal }) {
        record('events.follow', tenant, planId, { lastEventId, tokens, taskId })
        const found = find(tenant, planId)
        return follow(found, lastEventId, signal)
      },
    },

    system: {
      executors: () => EXECUTORS,
      workers: async () => ({ workers: [], queues: [], providers: [] }),
      ready: async () => isReady,
    },
  }

  async function* exported(
    synthesis: Synthesis,
    as: SynthesisFormat = 'json',
    title: string,
  ): AsyncGenerator<Uint8Array> {
    yield as === 'json' ? jsonOf(synthesis) : exportSynthesis(jsonOf(synthesis), as, title)
  }

  function checkBody(body: unknown): void {
    const parsed = schema.safeParse(Buffer.isBuffer(body) ? parseJsonBody(body) : body)
    if (parsed.success) return
    throw new ServiceError('invalid-request', 'The plan is not valid.', {
      errors: parsed.error.issues.map(({ path, message }) => ({
        pointer: path.map((step) => `/${String(step)}`).join(''),
        detail: message,
      })),
    })
  }

  async function* follow(
    found: Stored,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<PlanEvent> {
    let next = found.events.findIndex(({ id }) => id === lastEventId) + 1
    if (lastEventId === undefined) {
      yield { id: '0-0', type: 'snapshot', data: { status: found.plan.status } }
    }
    while (!signal.aborted) {
      const event = found.events[next]
      if (event !== undefined) {
        next += 1
        yield event
        if (event.type === 'plan.finished') return
      } else if (isFinished(found.plan.status)) return
      else {
        const isThere = () => found.events.length > next || isFinished(found.plan.status)
        await until(isThere, { timeoutMs: 60_000, signal })
      }
    }
  }

  return api
}
