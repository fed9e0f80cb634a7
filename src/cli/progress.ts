import {
  type Changes,
  isFinished,
  type Plan,
  type PlanEvent,
  type PlanStatus,
  type TaskStatus,
} from '../client/index.ts'

/** A task as known from its events. Times are by this machine's clock. */
export interface TaskProgress {
  id: string
  description: string
  status: TaskStatus
  attempt: number
  startedAt: number | undefined
  durationMs: number | undefined
  /** Why it failed, or is being retried. */
  error: string | undefined
}

export interface Progress {
  title: string
  status: PlanStatus
  /** In plan order. */
  tasks: Map<string, TaskProgress>
  synthesis: 'pending' | 'running' | 'succeeded' | 'failed' | 'disabled'
  /** Why the plan was stopped, if it was. */
  stopped: string | undefined
}

export function progressOf(plan: Plan): Progress {
  return {
    title: plan.title,
    status: plan.status,
    tasks: new Map(),
    synthesis: plan.synthesis.status,
    stopped: plan.stopped?.message,
  }
}

/** Applies a change. `now` is when it arrived, in ms. */
export function advance(progress: Progress, event: PlanEvent, now: number): void {
  if (event.type === 'snapshot') {
    const { plan, tasks } = event.data
    Object.assign(progress, progressOf(plan))
    for (const { id, description, status, attempt, startedAt, finishedAt, error } of tasks) {
      const started = startedAt === null ? undefined : Date.parse(startedAt)
      const finished = finishedAt === null ? undefined : Date.parse(finishedAt)
      progress.tasks.set(id, {
        id,
        description,
        status,
        attempt,
        // By the service's clock, which may be ahead of ours.
        startedAt: started === undefined ? undefined : Math.min(started, now),
        durationMs:
          started === undefined || finished === undefined ? undefined : finished - started,
        error: error?.message,
      })
    }
    return
  }
  const { taskId } = event.data
  const task = taskId === undefined ? undefined : progress.tasks.get(taskId)
  switch (event.type) {
    case 'plan.started':
    case 'plan.reopened':
      progress.status = 'running'
      break
    case 'tasks.added':
      for (const { id, description } of event.data.tasks) {
        progress.tasks.set(id, newTask(id, description))
      }
      break
    case 'plan.stopped':
      progress.stopped = event.data.reason.message
      break
    case 'plan.finished':
      progress.status = event.data.status
      break
    case 'synthesis.started':
      progress.synthesis = 'running'
      if (!isFinished(progress.status)) progress.status = 'synthesizing'
      break
    case 'synthesis.finished':
      progress.synthesis = event.data.status
      break
    case 'task.started':
      if (task === undefined) break
      Object.assign(task, {
        status: 'running',
        startedAt: now,
        durationMs: undefined,
        error: undefined,
        attempt: event.data.attempt,
      })
      break
    case 'task.requeued':
      queueAgain(task, REASONS[event.data.reason])
      break
    case 'task.retrying':
      queueAgain(task, event.data.error?.message)
      break
    case 'task.finished': {
      if (task === undefined) break
      const { status, durationMs, error } = event.data
      task.status = status
      task.durationMs =
        durationMs ?? (task.startedAt === undefined ? undefined : now - task.startedAt)
      task.error = error?.message
      break
    }
    case 'plan.queued':
    case 'task.text':
      break
  }
}

function newTask(id: string, description: string): TaskProgress {
  return {
    ...{ id, description, status: 'queued', attempt: 0 },
    ...{ startedAt: undefined, durationMs: undefined, error: undefined },
  }
}

/** Why a task is queued again; a retry was requested and needs no explanation. */
const REASONS: Record<Changes['task.requeued']['reason'], string | undefined> = {
  'worker-lost': 'its worker died',
  'worker-shutdown': 'its worker was shut down',
  retry: undefined,
  dependency: 'a task that it depends on runs again',
}

function queueAgain(task: TaskProgress | undefined, error: string | undefined): void {
  if (task !== undefined) Object.assign(task, { status: 'queued', startedAt: undefined, error })
}

export function countsOf({ tasks }: Progress): Record<TaskStatus, number> {
  const counts: Record<TaskStatus, number> = {
    queued: 0,
    running: 0,
    succeeded: 0,
    incomplete: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
  }
  for (const { status } of tasks.values()) counts[status] += 1
  return counts
}
