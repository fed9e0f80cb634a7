import {
  type Change,
  isFinished,
  type Plan,
  type PlanEvent,
  type PlanStatus,
  type TaskStatus,
} from '../client/index.ts'

/** One task, as far as its events have told. Times are of this machine's clock. */
export interface TaskProgress {
  id: string
  description: string
  status: TaskStatus
  attempt: number
  startedAt: number | undefined
  durationMs: number | undefined
  /** Why it failed, or is tried again. */
  error: string | undefined
}

export interface Progress {
  title: string
  status: PlanStatus
  /** In the order of the plan. */
  tasks: Map<string, TaskProgress>
  synthesis: 'pending' | 'running' | 'succeeded' | 'failed' | 'disabled'
  /** Why the plan was stopped, where it was. */
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

/** Takes a change in. `now` is when it arrived, in ms. */
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
        // Of the service's clock, which may be ahead of ours.
        startedAt: started === undefined ? undefined : Math.min(started, now),
        durationMs:
          started === undefined || finished === undefined ? undefined : finished - started,
        error: error?.message,
      })
    }
    return
  }
  const { data } = event
  const task = data.taskId === undefined ? undefined : progress.tasks.get(data.taskId)
  const error = data.error?.message ?? reasonOf(data)
  switch (event.type) {
    case 'plan.started':
    case 'plan.reopened':
      progress.status = 'running'
      break
    case 'plan.stopped':
      progress.stopped = error ?? 'for no reason given'
      break
    case 'plan.finished':
      if (isPlanStatus(data.status)) progress.status = data.status
      break
    case 'synthesis.started':
      progress.synthesis = 'running'
      if (!isFinished(progress.status)) progress.status = 'synthesizing'
      break
    case 'synthesis.finished':
      progress.synthesis = data.status === 'failed' ? 'failed' : 'succeeded'
      break
    case 'task.started':
      if (task === undefined) break
      Object.assign(task, { status: 'running', startedAt: now, durationMs: undefined, error })
      task.attempt = data.attempt ?? task.attempt + 1
      break
    case 'task.requeued':
    case 'task.retrying':
      if (task !== undefined) Object.assign(task, { status: 'queued', startedAt: undefined, error })
      break
    case 'task.finished':
      if (task === undefined) break
      if (isTaskStatus(data.status)) task.status = data.status
      task.durationMs =
        data.durationMs ?? (task.startedAt === undefined ? undefined : now - task.startedAt)
      task.error = error
      break
    case 'plan.queued':
    case 'task.text':
      break
  }
}

function reasonOf({ reason }: Change): string | undefined {
  if (typeof reason === 'object') return reason.message
  switch (reason) {
    case 'worker-lost':
      return 'its worker died'
    case 'worker-shutdown':
      return 'its worker was shut down'
    default:
      return reason
  }
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

function isPlanStatus(status: string | undefined): status is PlanStatus {
  return (
    status !== undefined &&
    ['queued', 'running', 'synthesizing', 'succeeded', 'partial', 'failed', 'cancelled'].includes(
      status,
    )
  )
}

function isTaskStatus(status: string | undefined): status is TaskStatus {
  return (
    status !== undefined &&
    ['queued', 'running', 'succeeded', 'incomplete', 'failed', 'cancelled', 'skipped'].includes(
      status,
    )
  )
}
