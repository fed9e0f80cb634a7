import type { TaskStatus } from '../../../src/core/contract/status.ts'
import { NO_USAGE, type Usage } from '../../../src/core/contract/usage.ts'
import type { Plan, TaskDetail } from '../../../src/core/contract/views.ts'
import type { StagedPlan } from './staged-api.ts'

/** A task in a few words; the times are seconds since the plan was submitted. */
export interface TaskSketch {
  id: string
  description?: string
  /** `succeeded` with an end, `running` without one, `queued` without a start. */
  status?: TaskStatus
  from?: number
  to?: number
  wave?: number
  attempts?: number
}

export interface PlanSketch {
  id: string
  title: string
  status: Plan['status']
  tasks: TaskSketch[]
  usage?: Usage
  /** Seconds ago. */
  submitted?: number
}

/** A plan with its tasks, complete enough for every page of the dashboard. */
export function stagedPlan(sketch: PlanSketch): StagedPlan {
  const { id, title, status } = sketch
  const usage = sketch.usage ?? NO_USAGE
  const createdAt = Date.now() - (sketch.submitted ?? 120) * 1_000
  const tasks = sketch.tasks.map((task) => stagedTask(id, task, createdAt, usage))
  const count = (wanted: TaskStatus) => tasks.filter((task) => task.status === wanted).length
  const ended = Math.max(0, ...sketch.tasks.map(({ to }) => to ?? 0))
  const isOver = !['queued', 'running', 'synthesizing'].includes(status)
  return {
    plan: {
      id,
      title,
      status,
      mode: 'parallel',
      counts: {
        queued: count('queued'),
        running: count('running'),
        succeeded: count('succeeded'),
        incomplete: count('incomplete'),
        failed: count('failed'),
        cancelled: count('cancelled'),
        skipped: count('skipped'),
        total: tasks.length,
      },
      waves: [],
      policy: { onFailure: 'continue', minSuccess: 0, onOverlap: 'reject' },
      usage,
      synthesis: { status: 'pending', version: 0 },
      metadata: {},
      createdAt: iso(createdAt),
      startedAt: status === 'queued' ? null : iso(createdAt + 40),
      finishedAt: isOver ? iso(createdAt + ended * 1_000 + 2_600) : null,
      expiresAt: null,
      links: {},
    },
    tasks,
    outputs: new Map(),
    syntheses: [],
    report: {
      wallMs: ended * 1_000,
      idleMs: 0,
      sumOfTaskMs: sketch.tasks.reduce((sum, { from, to }) => sum + seconds(from, to), 0) * 1_000,
      coreWaitMs: 0,
      speedup: 2.3,
      effectiveParallelism: 2.3,
      criticalPathMs: ended * 980,
      queueWaitMs: { p50: 12, p95: 48, max: 51 },
      stragglers: [{ taskId: tasks[0]?.id ?? '', durationMs: 42_000, timesMedian: 1.4 }],
      usage,
      cost: {
        tasksUsd: usage.costUsd * 0.8,
        synthesisUsd: usage.costUsd * 0.2,
        estimateUsd: usage.costUsd > 0 ? { low: 0.01, high: 0.4 } : null,
        topTasks: tasks
          .filter((task) => task.usage.costUsd > 0)
          .map((task) => ({ taskId: task.id, costUsd: task.usage.costUsd })),
      },
      diagnostics: [{ code: 'straggler', message: 'One task took half of the time of the plan.' }],
    },
    events: [],
  }
}

function stagedTask(
  planId: string,
  sketch: TaskSketch,
  createdAt: number,
  usage: Usage,
): TaskDetail {
  const { id, from, to } = sketch
  const startedAt = from === undefined ? null : createdAt + from * 1_000 + 40
  const finishedAt = to === undefined ? null : createdAt + to * 1_000
  const fallback = startedAt === null ? 'queued' : finishedAt === null ? 'running' : 'succeeded'
  const status = sketch.status ?? fallback
  const attempts = startedAt === null ? 0 : (sketch.attempts ?? 1)
  return {
    id,
    description: sketch.description ?? id,
    status,
    executor: 'model',
    model: 'anthropic:claude-sonnet-4-5',
    dependsOn: (sketch.wave ?? 1) > 1 ? ['testing'] : [],
    wave: sketch.wave ?? 1,
    attemptCount: attempts,
    maxAttempts: 3,
    timings: {
      queuedAt: iso(createdAt),
      startedAt: startedAt === null ? null : iso(startedAt),
      finishedAt: finishedAt === null ? null : iso(finishedAt),
    },
    usage,
    links: { self: `/v1/plans/${planId}/tasks/${id}` },
    attempts: Array.from({ length: attempts }, (_, index) => {
      const length = ((finishedAt ?? Date.now()) - (startedAt ?? 0)) / attempts
      const isLast = index === attempts - 1
      const begin = (startedAt ?? 0) + index * length + (index > 0 ? 2_000 : 0)
      return {
        number: index + 1,
        outcome: isLast ? outcomeOf(status) : ('failed' as const),
        startedAt: iso(begin),
        finishedAt:
          isLast && finishedAt === null ? null : iso((startedAt ?? 0) + (index + 1) * length),
        workerId: 'worker-a:4711',
        usage,
        ...(isLast ? {} : { error: { code: 'rate-limited', message: 'The provider was busy.' } }),
      }
    }),
    timeoutMs: 600_000,
    priority: 0,
    files: { read: ['src/auth/**'], write: [] },
    prompt: `Shared context of the plan.\n\nYou are a specialist.\n\nTask: ${sketch.description ?? id}`,
  }
}

function outcomeOf(status: TaskStatus): TaskDetail['attempts'][number]['outcome'] {
  return status === 'queued' || status === 'skipped' ? 'cancelled' : status
}

function seconds(from: number | undefined, to: number | undefined): number {
  return (to ?? 0) - (from ?? 0)
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
