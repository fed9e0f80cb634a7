import { isEnded, isFinished } from '../../src/core/contract/status.ts'
import { SubmitPlan } from '../../src/core/contract/submission.ts'
import type { TaskSummary } from '../../src/core/contract/views.ts'
import { EXECUTORS } from '../../src/http/openapi/examples.ts'
import { FakePlan } from './fake-plan.ts'

export interface Answer {
  status: number
  /** A string is NDJSON, anything else JSON. */
  body?: unknown
  headers?: Record<string, string>
}

export interface Call {
  method: string
  url: URL
  headers: Record<string, string | string[] | undefined>
  body: unknown
  /** Aborts when the connection closes. */
  gone: AbortSignal
}

export interface FakeState {
  plans: Map<string, FakePlan>
  keys: Map<string, { planId: string; body: string }>
  /** Whether submitted plans run to their end at once. */
  autorun: boolean
}

/** What the contract says to one call; a plan where the answer is the stream of its events. */
export async function routeOf(state: FakeState, call: Call): Promise<Answer | FakePlan> {
  const [, , resource, planId = '', part, item = '', action] = call.url.pathname.split('/')
  if (resource === 'executors') return ok(EXECUTORS)
  if (resource !== 'plans') return problem(404, 'not-found')
  if (planId === '') return call.method === 'POST' ? submit(state, call) : listPlans(state, call)
  const plan = state.plans.get(planId)
  if (plan === undefined) return problem(404, 'plan-not-found', `there is no plan ${planId}`)
  if (call.method === 'DELETE') {
    state.plans.delete(planId)
    return { status: 204 }
  }
  switch (part) {
    case undefined:
      await until(plan, () => isFinished(plan.status), waitOf(call), call.gone)
      return ok(plan.view())
    case 'retry':
      for (const taskId of chosenOf(plan, call)) plan.reopen(taskId)
      return ok(plan.view())
    case 'cancel':
      if (isFinished(plan.status)) return problem(409, 'plan-finished', 'The plan has finished.')
      if (call.body !== undefined) {
        for (const taskId of chosenOf(plan, call)) plan.finish(taskId, 'cancelled', '')
        return ok(plan.view())
      }
      plan.cancel()
      return ok(plan.view())
    case 'resume':
      return ok(plan.view())
    case 'report':
      return ok(REPORT)
    case 'submission':
      return ok(plan.submission)
    case 'todos':
      return ok(todosOf(plan))
    case 'outputs':
      return ok(plan.outputs.map((task) => `${JSON.stringify(task)}\n`).join(''))
    case 'events':
      return plan
    case 'synthesis':
      await until(plan, () => plan.syntheses.length > 0, waitOf(call), call.gone)
      if (plan.syntheses.length > 0) return ok(plan.syntheses.at(-1))
      return problem(409, 'synthesis-not-ready', 'no version has been written yet')
    case 'syntheses':
      return synthesesOf(plan, call, item)
    case 'tasks':
      return item === '' ? listTasks(plan, call) : taskOf(plan, call, item, action)
    default:
      return problem(404, 'not-found')
  }
}

function submit(state: FakeState, { url, headers, body }: Call): Answer {
  const parsed = SubmitPlan.safeParse(body)
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      pointer: path.map((part) => `/${String(part)}`).join(''),
      detail: message,
    }))
    return problem(400, 'invalid-request', 'The request is not valid.', { errors })
  }
  if (url.searchParams.get('dryRun') === 'true') return ok(dryRunOf(new FakePlan('-', parsed.data)))
  const key = String(headers['idempotency-key'] ?? `none-${state.plans.size}`)
  const known = state.keys.get(key)
  if (known !== undefined && known.body !== JSON.stringify(body)) {
    return problem(422, 'idempotency-key-reused', 'The key came with another plan before.')
  }
  const planId = known?.planId ?? `plan-${state.plans.size + 1}`
  const plan = state.plans.get(planId) ?? new FakePlan(planId, parsed.data)
  state.plans.set(planId, plan)
  state.keys.set(key, { planId, body: JSON.stringify(body) })
  if (state.autorun && !isFinished(plan.status)) plan.run()
  const isWaitedFor = headers.prefer !== undefined && isFinished(plan.status)
  const location = `/v1/plans/${planId}`
  return { status: isWaitedFor ? 200 : 202, body: plan.view(), headers: { location } }
}

function listPlans(state: FakeState, { url }: Call): Answer {
  const status = url.searchParams.get('status')
  const search = url.searchParams.get('search') ?? ''
  const plans = [...state.plans.values()].reverse().map((plan) => plan.view())
  return pageOf(
    plans.filter(
      (plan) => (status === null || plan.status === status) && plan.title.includes(search),
    ),
    url,
  )
}

function listTasks(plan: FakePlan, { url }: Call): Answer {
  const status = url.searchParams.get('status')
  const tasks = plan.tasks.filter((task) => status === null || task.status === status)
  return pageOf(
    tasks.map(
      ({ attempts: _1, prompt: _2, timeoutMs: _3, priority: _4, ...summary }): TaskSummary =>
        summary,
    ),
    url,
  )
}

/** Those that the body names, by id or by status. */
function chosenOf(plan: FakePlan, { body }: Call): string[] {
  const { tasks, status } = (body ?? {}) as { tasks?: string[]; status?: string[] }
  return plan.tasks
    .filter((task) => tasks?.includes(task.id) ?? true)
    .filter((task) => status?.includes(task.status) ?? true)
    .map(({ id }) => id)
}

async function taskOf(
  plan: FakePlan,
  { url, gone }: Call,
  taskId: string,
  action: string | undefined,
): Promise<Answer> {
  const task = plan.task(taskId)
  if (task === undefined) return problem(404, 'task-not-found', `There is no task ${taskId}.`)
  switch (action) {
    case undefined:
      return ok(task)
    case 'steps': {
      const steps = plan.steps.get(taskId) ?? []
      const number = url.pathname.split('/')[7]
      return number === undefined ? pageOf(steps, url) : ok(steps[Number(number) - 1])
    }
    case 'cancel':
      if (isEnded(task.status)) return problem(409, 'task-finished', 'The task has ended.')
      plan.finish(taskId, 'cancelled', '')
      return ok(task)
    case 'retry':
      if (!isEnded(task.status)) return problem(409, 'task-not-finished', 'The task still runs.')
      plan.reopen(taskId)
      return { status: 202, body: task }
    default: {
      const block = url.searchParams.get('block') === 'true'
      const timeoutMs = Number(url.searchParams.get('timeout'))
      await until(plan, () => isEnded(task.status), block ? timeoutMs : 0, gone)
      const output = plan.outputs.findLast(({ id }) => id === taskId)
      if (output !== undefined) return ok({ retrievalStatus: 'success', task: output })
      const { id, status, description, usage } = task
      return ok({
        retrievalStatus: block ? 'timeout' : 'not_ready',
        task: { id, status, description, output: '', usage },
      })
    }
  }
}

function synthesesOf(plan: FakePlan, { method, headers, body }: Call, version: string): Answer {
  if (method === 'POST') {
    const key = headers['idempotency-key']
    const known = key === undefined ? undefined : plan.asked.get(String(key))
    if (known !== undefined && known.body !== JSON.stringify(body)) {
      return problem(422, 'idempotency-key-reused', 'The key came with another body before.')
    }
    const next = known?.version ?? plan.syntheses.length + 1
    plan.asked.set(String(key), { version: next, body: JSON.stringify(body) })
    if (known === undefined)
      setImmediate(() => plan.synthesize({ summary: `# Again\n\n${JSON.stringify(body)}` }))
    const self = `/v1/plans/${plan.id}/syntheses/${next}`
    return { status: 202, body: { version: next, links: { self } } }
  }
  if (version === '') return ok({ items: plan.syntheses })
  const found = plan.syntheses[Number(version) - 1]
  return found === undefined ? problem(404, 'synthesis-not-found', 'No such version.') : ok(found)
}

function ok(body: unknown): Answer {
  return { status: 200, body }
}

export function problem(
  status: number,
  code: string,
  detail = code,
  members: Record<string, unknown> = {},
): Answer {
  return {
    status,
    body: { type: `/problems/${code}`, title: titleOf(code), status, code, detail, ...members },
    headers: { 'content-type': 'application/problem+json' },
  }
}

function pageOf<T>(items: T[], url: URL): Answer {
  const from = Number(url.searchParams.get('cursor') ?? 0)
  const to = from + Number(url.searchParams.get('limit') ?? 50)
  return ok({ items: items.slice(from, to), nextCursor: to < items.length ? `${to}` : null })
}

const REPORT = {
  wallMs: 2500,
  idleMs: 0,
  sumOfTaskMs: 5000,
  coreWaitMs: 0,
  speedup: 2,
  effectiveParallelism: 2,
  criticalPathMs: 2500,
  queueWaitMs: { p50: 1, p95: 2, max: 3 },
  stragglers: [],
  usage: {
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    steps: 0,
    costUsd: 0,
  },
  cost: { tasksUsd: 0, synthesisUsd: 0, estimateUsd: null, topTasks: [] },
  diagnostics: [],
}

function todosOf(plan: FakePlan): unknown {
  const todos = plan.tasks.map(({ description, status }) => ({
    content: description,
    status: isEnded(status) ? 'completed' : status === 'running' ? 'in_progress' : 'pending',
    activeForm: `Running ${description}`,
  }))
  const status = plan.syntheses.length > 0 ? 'completed' : 'pending'
  return {
    todos: [...todos, { content: 'Synthesize results', status, activeForm: 'Synthesizing' }],
  }
}

function dryRunOf(plan: FakePlan): unknown {
  return {
    tasks: plan.tasks.map((task) => ({
      id: task.id,
      description: task.description,
      executor: task.executor,
      dependsOn: task.dependsOn,
      waitsFor: task.dependsOn,
      timeoutMs: task.timeoutMs,
      attempts: task.maxAttempts,
      priority: task.priority,
      prompt: task.prompt,
    })),
    waves: [plan.tasks.map(({ id }) => id)],
    overlaps: [{ tasks: ['a', 'b'], kind: 'write/write', files: ['src/app.ts'], fileCount: 1 }],
    warnings: [],
    advice: [{ code: 'single-task', message: 'One task gains nothing.', tasks: ['a'] }],
    estimate: {
      tasks: plan.tasks.length,
      tokens: { low: 100, high: 900 },
      costUsd: { low: 0.01, high: 0.09 },
      unpricedModels: [],
    },
  }
}

/** In ms. */
function waitOf({ url }: Call): number {
  return Number(url.searchParams.get('wait') ?? 0) * 1000
}

/** Resolves when the condition holds, after the time, or when the caller is gone. */
async function until(
  plan: FakePlan,
  holds: () => boolean,
  ms: number,
  gone: AbortSignal,
): Promise<void> {
  if (holds() || ms <= 0) return
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      plan.changes.off('change', check)
      resolve()
    }
    const check = () => {
      if (holds()) done()
    }
    const timer = setTimeout(done, ms)
    plan.changes.on('change', check)
    gone.addEventListener('abort', done)
  })
}

/** `plan-not-found` → `Plan not found`. */
function titleOf(code: string): string {
  return `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll('-', ' ')}`
}
