import type { Failure, Plan, PlanStatus, TaskStatus } from '../api/types.ts'

// A plan reconstructed from its events. Pure functions: callers decide when to apply events. Times
// are milliseconds since the epoch on the server's clock.

export interface AttemptSpan {
  number: number
  startedAt: number
  finishedAt: number | null
  /**
   * `running`, a task status, `retrying` (failed, will be retried) or `requeued` (its worker went
   * away).
   */
  outcome: TaskStatus | 'retrying' | 'requeued'
}

export interface LiveTask {
  id: string
  description: string
  status: TaskStatus
  /** 1-based. */
  wave: number
  executor: string
  attempt: number
  queuedAt: number | null
  startedAt: number | null
  finishedAt: number | null
  /** When the next attempt may start, while the task waits for it. */
  retryAt: number | null
  /**
   * Attempts seen as events; those before the snapshot are only known to the task's own resource.
   */
  attempts: readonly AttemptSpan[]
  /** The last step for which an event was seen. */
  step?: number
  /** The usage of all its ended attempts. */
  costUsd: number
  error?: Failure | undefined
}

export interface SynthesisRun {
  version: number
  startedAt: number
  finishedAt: number | null
  status: 'running' | 'succeeded' | 'failed'
}

export interface PlanModel {
  /** The plan from the snapshot; undefined before it. */
  plan: Plan | undefined
  status: PlanStatus
  tasks: ReadonlyMap<string, LiveTask>
  synthesisVersion: number
  synthesisRuns: readonly SynthesisRun[]
  stopReason: string | undefined
  finishedAt: number | null
}

export interface StreamEvent {
  id: string
  type: string
  data: Record<string, unknown>
  /** When it arrived, for events without a time. */
  receivedAt: number
}

export const EMPTY_MODEL: PlanModel = {
  plan: undefined,
  status: 'queued',
  tasks: new Map(),
  synthesisVersion: 0,
  synthesisRuns: [],
  stopReason: undefined,
  finishedAt: null,
}

/** Applies a whole batch, because a large plan sends thousands of events per second. */
export function applyEvents(model: PlanModel, events: readonly StreamEvent[]): PlanModel {
  if (events.length === 0) return model
  const tasks = new Map(model.tasks)
  let next: PlanModel = { ...model, tasks }
  for (const event of events) {
    if (event.type === 'snapshot') {
      next = fromSnapshot(event, next)
    } else if (event.type === 'step.finished') {
      const task = tasks.get(textOr(event.data['taskId'], ''))
      if (task !== undefined) {
        tasks.set(task.id, { ...task, step: numberOr(event.data['number'], 0) })
      }
    } else if (event.type.startsWith('task.')) {
      applyTaskEvent(next.tasks as Map<string, LiveTask>, event)
      if (event.type === 'task.started' && next.status === 'queued') next.status = 'running'
    } else {
      next = applyPlanEvent(next, event)
    }
  }
  return next
}

function fromSnapshot(event: StreamEvent, before: PlanModel): PlanModel {
  const plan = event.data['plan'] as Plan | undefined
  const listed = Array.isArray(event.data['tasks']) ? event.data['tasks'] : []
  const tasks = new Map<string, LiveTask>()
  for (const item of listed as Record<string, unknown>[]) {
    const task = taskFromSnapshot(item)
    // A second snapshot, after a reconnect, must not lose attempts that were already seen.
    const known = before.tasks.get(task.id)
    if (known !== undefined && known.attempts.length > 0 && known.attempt === task.attempt) {
      task.attempts = settleAttempts(known.attempts, task)
    }
    tasks.set(task.id, task)
  }
  const synthesis = event.data['synthesis'] as { version?: unknown } | undefined
  return {
    ...before,
    plan,
    tasks,
    status: plan?.status ?? before.status,
    synthesisVersion: numberOr(synthesis?.version, plan?.synthesis?.version ?? 0),
    stopReason: plan?.stopped?.message ?? before.stopReason,
    finishedAt: time(plan?.finishedAt),
  }
}

function taskFromSnapshot(item: Record<string, unknown>): LiveTask {
  const status = textOr(item['status'], 'queued') as TaskStatus
  const startedAt = time(item['startedAt'])
  const finishedAt = time(item['finishedAt'])
  const attempt = numberOr(item['attempt'], 0)
  return {
    id: textOr(item['id'], ''),
    description: textOr(item['description'], textOr(item['id'], '')),
    status,
    wave: numberOr(item['wave'], 1),
    executor: textOr(item['executor'], ''),
    attempt,
    queuedAt: time(item['queuedAt']),
    startedAt,
    finishedAt,
    retryAt: null,
    attempts:
      startedAt === null || attempt > 1 || status === 'queued'
        ? []
        : [{ number: 1, startedAt, finishedAt, outcome: status }],
    costUsd: costOf(item['usage']),
    error: item['error'] as Failure | undefined,
  }
}

function applyTaskEvent(tasks: Map<string, LiveTask>, event: StreamEvent): void {
  const id = textOr(event.data['taskId'], '')
  const before = tasks.get(id)
  if (before === undefined) return
  const at = time(event.data['at']) ?? event.receivedAt
  const attempt = numberOr(event.data['attempt'], before.attempt)
  switch (event.type) {
    case 'task.started':
      tasks.set(id, {
        ...before,
        status: 'running',
        attempt,
        startedAt: before.startedAt === null || before.finishedAt !== null ? at : before.startedAt,
        finishedAt: null,
        retryAt: null,
        error: undefined,
        attempts: [
          ...endAttempts(before.attempts, at, 'requeued'),
          { number: attempt, startedAt: at, finishedAt: null, outcome: 'running' },
        ],
      })
      return
    case 'task.finished': {
      const status = textOr(event.data['status'], 'succeeded') as TaskStatus
      tasks.set(id, {
        ...before,
        status,
        attempt,
        finishedAt: at,
        retryAt: null,
        costUsd: Math.max(before.costUsd, costOf(event.data['usage'])),
        error: event.data['error'] as Failure | undefined,
        attempts: endAttempts(before.attempts, at, status),
      })
      return
    }
    case 'task.retrying':
      tasks.set(id, {
        ...before,
        status: 'queued',
        attempt,
        retryAt: time(event.data['retryAt']),
        error: event.data['error'] as Failure | undefined,
        attempts: endAttempts(before.attempts, at, 'retrying'),
      })
      return
    case 'task.requeued':
      tasks.set(id, {
        ...before,
        status: 'queued',
        attempt,
        finishedAt: null,
        retryAt: null,
        attempts: endAttempts(before.attempts, at, 'requeued'),
        // A new round, so its times start again.
        ...(event.data['reason'] === 'retry' || event.data['reason'] === 'dependency'
          ? { queuedAt: at, startedAt: null, error: undefined }
          : {}),
      })
      return
  }
}

function applyPlanEvent(model: PlanModel, event: StreamEvent): PlanModel {
  const at = time(event.data['at']) ?? event.receivedAt
  switch (event.type) {
    case 'plan.started':
      return { ...model, status: 'running' }
    case 'tasks.added': {
      const listed = Array.isArray(event.data['tasks']) ? event.data['tasks'] : []
      const added = (listed as Record<string, unknown>[]).map((item) =>
        taskFromSnapshot({ ...item, queuedAt: event.data['at'] }),
      )
      return {
        ...model,
        tasks: new Map([...model.tasks, ...added.map((task) => [task.id, task] as const)]),
      }
    }
    case 'plan.stopped':
      return { ...model, stopReason: reasonText(event.data['reason']) ?? 'stopped' }
    case 'plan.reopened':
      return { ...model, status: 'running', finishedAt: null, stopReason: undefined }
    case 'plan.finished': {
      const status = textOr(event.data['status'], 'succeeded') as PlanStatus
      return { ...model, status, finishedAt: at }
    }
    case 'synthesis.started': {
      const version = numberOr(event.data['version'], model.synthesisVersion + 1)
      const run: SynthesisRun = { version, startedAt: at, finishedAt: null, status: 'running' }
      const others = model.synthesisRuns.filter((other) => other.version !== version)
      return { ...model, synthesisRuns: [...others, run], status: synthesizing(model) }
    }
    case 'synthesis.finished': {
      const version = numberOr(event.data['version'], model.synthesisVersion + 1)
      const status = event.data['status'] === 'failed' ? 'failed' : 'succeeded'
      return {
        ...model,
        synthesisVersion: Math.max(model.synthesisVersion, version),
        synthesisRuns: model.synthesisRuns.map((run) =>
          run.version === version ? { ...run, finishedAt: at, status } : run,
        ),
      }
    }
    default:
      return model
  }
}

/**
 * A preliminary version is written while tasks are running; only the last one changes the status.
 */
function synthesizing(model: PlanModel): PlanStatus {
  if (model.status !== 'running' && model.status !== 'queued') return model.status
  for (const task of model.tasks.values()) {
    if (task.status === 'queued' || task.status === 'running') return model.status
  }
  return 'synthesizing'
}

function endAttempts(
  attempts: readonly AttemptSpan[],
  at: number,
  outcome: AttemptSpan['outcome'],
): AttemptSpan[] {
  return attempts.map((attempt) =>
    attempt.finishedAt === null ? { ...attempt, finishedAt: at, outcome } : attempt,
  )
}

function settleAttempts(attempts: readonly AttemptSpan[], task: LiveTask): AttemptSpan[] {
  const ended = task.status !== 'running' && task.status !== 'queued'
  return ended && task.finishedAt !== null
    ? endAttempts(attempts, task.finishedAt, task.status)
    : [...attempts]
}

function costOf(usage: unknown): number {
  return numberOr((usage as { costUsd?: unknown } | null | undefined)?.costUsd, 0)
}

function reasonText(reason: unknown): string | undefined {
  if (typeof reason === 'string') return reason
  const message = (reason as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? message : undefined
}

function time(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return null
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? null : parsed
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}
