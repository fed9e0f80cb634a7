import { EventEmitter } from 'node:events'
import type { Failure } from '../../src/core/contract/errors.ts'
import {
  isEnded,
  isFinished,
  type PlanStatus,
  type TaskStatus,
} from '../../src/core/contract/status.ts'
import type { Step } from '../../src/core/contract/steps.ts'
import type { SubmitPlan } from '../../src/core/contract/submission.ts'
import type { Synthesis } from '../../src/core/contract/synthesis.ts'
import { NO_USAGE } from '../../src/core/contract/usage.ts'
import type { OutputTask, Plan, TaskDetail } from '../../src/core/contract/views.ts'

const AT = '2026-01-02T03:04:05.000Z'
const LATER = '2026-01-02T03:04:07.500Z'

export interface FakeEvent {
  id: string
  type: string
  data: Record<string, unknown>
}

/** A plan of the fake service: a test moves it on, and its events and answers follow. */
export class FakePlan {
  readonly id: string
  readonly submission: SubmitPlan
  readonly tasks: TaskDetail[]
  readonly outputs: OutputTask[] = []
  /** By task. */
  readonly steps = new Map<string, Step[]>()
  readonly syntheses: Synthesis[] = []
  /** Requested versions, by their Idempotency-Key. */
  readonly asked = new Map<string, { version: number; body: string }>()
  readonly events: FakeEvent[] = []
  /** `change` after every change, `event` with each event. */
  readonly changes = new EventEmitter().setMaxListeners(0)
  status: PlanStatus = 'queued'
  reason: Failure | undefined

  constructor(id: string, submission: SubmitPlan) {
    this.id = id
    this.submission = submission
    this.tasks = (submission.tasks ?? []).map((task, index) => ({
      id: task.id ?? `task-${index + 1}`,
      description: task.description ?? task.task ?? task.prompt ?? '',
      status: 'queued',
      executor: 'echo',
      dependsOn: task.dependsOn ?? [],
      wave: 1,
      attemptCount: 0,
      maxAttempts: task.attempts,
      timings: { queuedAt: AT, startedAt: null, finishedAt: null },
      usage: NO_USAGE,
      links: {},
      attempts: [],
      timeoutMs: task.timeoutMs,
      priority: task.priority,
      prompt: task.prompt ?? task.task ?? '',
    }))
  }

  task(taskId: string): TaskDetail | undefined {
    return this.tasks.find(({ id }) => id === taskId)
  }

  view(): Plan {
    const count = (status: TaskStatus) => this.tasks.filter((t) => t.status === status).length
    return {
      id: this.id,
      title: this.submission.title ?? 'Untitled',
      status: this.status,
      mode: this.submission.mode,
      counts: {
        queued: count('queued'),
        running: count('running'),
        succeeded: count('succeeded'),
        incomplete: count('incomplete'),
        failed: count('failed'),
        cancelled: count('cancelled'),
        skipped: count('skipped'),
        total: this.tasks.length,
      },
      waves: [this.tasks.map(({ id }) => id)],
      policy: this.submission.policy,
      usage: NO_USAGE,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      synthesis: {
        status: this.syntheses.length > 0 ? 'succeeded' : 'pending',
        version: this.syntheses.length,
      },
      metadata: {},
      createdAt: AT,
      startedAt: this.status === 'queued' ? null : AT,
      finishedAt: isFinished(this.status) ? LATER : null,
      expiresAt: null,
      links: { self: `/v1/plans/${this.id}` },
    }
  }

  snapshot(): FakeEvent {
    const tasks = this.tasks.map(
      ({ attempts: _attempts, prompt: _prompt, timings, attemptCount, ...task }) => ({
        ...task,
        attempt: attemptCount,
        ...timings,
      }),
    )
    const { synthesis } = this.view()
    const id = this.events.at(-1)?.id ?? '0-0'
    return { id, type: 'snapshot', data: { plan: this.view(), tasks, synthesis } }
  }

  emit(type: string, data: Record<string, unknown> = {}): void {
    const event = { id: `${this.events.length + 1}-0`, type, data: { at: AT, ...data } }
    this.events.push(event)
    this.changes.emit('event', event)
    this.changes.emit('change')
  }

  start(taskId: string): void {
    const task = this.must(taskId)
    task.status = 'running'
    task.attemptCount += 1
    task.timings = { ...task.timings, startedAt: AT, finishedAt: null }
    if (this.status === 'queued') {
      this.status = 'running'
      this.emit('plan.started')
    }
    this.emit('task.started', { taskId, attempt: task.attemptCount, workerId: 'worker-1' })
  }

  finish(taskId: string, status: TaskStatus = 'succeeded', output = `Output of ${taskId}`): void {
    const task = this.must(taskId)
    task.status = status
    task.timings = { ...task.timings, finishedAt: LATER }
    const { id, description, usage } = task
    const error = { code: 'provider-error', message: 'The provider said no.' }
    if (status === 'failed') task.error = error
    this.outputs.push({
      id,
      status,
      description,
      output,
      usage,
      findings: [],
      ...(status === 'failed' ? { error } : {}),
    })
    this.emit('task.finished', { taskId, status, durationMs: 2500 })
  }

  synthesize(overrides: Partial<Synthesis> = {}): Synthesis {
    const version = this.syntheses.length + 1
    const synthesis: Synthesis = {
      version,
      status: 'succeeded',
      executor: 'merge',
      createdAt: LATER,
      preliminary: false,
      summary: `# Synthesis ${version}\n\nAll in all, it is well.`,
      findings: [],
      conflicts: [],
      actions: [],
      ledger: [],
      coverage: { succeeded: this.tasks.map(({ id }) => id), missing: [] },
      notes: [],
      usage: NO_USAGE,
      ...overrides,
    }
    this.syntheses.push(synthesis)
    this.emit('synthesis.finished', { version, status: synthesis.status })
    return synthesis
  }

  end(status: PlanStatus, reason?: Failure): void {
    this.status = status
    this.reason = reason
    this.emit('plan.finished', { status, counts: this.view().counts })
  }

  /**
   * Runs what is left to the end: a task with `options.failAttempts` fails, one with `options.hang` goes
   * on, all others succeed.
   */
  run(): void {
    for (const [index, { id, status }] of this.tasks.entries()) {
      if (isEnded(status)) continue
      if (status === 'queued') this.start(id)
      const { failAttempts, hang } = this.submission.tasks?.[index]?.options ?? {}
      if (hang === true) return
      const fails = failAttempts !== undefined
      this.finish(id, fails ? 'failed' : 'succeeded')
    }
    this.synthesize()
    const failed = this.tasks.filter(({ status }) => status === 'failed').length
    if (failed === 0) {
      this.end('succeeded')
      return
    }
    const total = this.tasks.length
    const message = `${failed} of ${total} tasks did not succeed: ${failed} failed.`
    this.end(failed === total ? 'failed' : 'partial', { code: 'tasks-not-succeeded', message })
  }

  cancel(): void {
    for (const { id, status } of this.tasks) if (!isEnded(status)) this.finish(id, 'cancelled', '')
    this.end('cancelled', { code: 'cancelled', message: 'The plan was cancelled.' })
  }

  reopen(taskId: string): void {
    const task = this.must(taskId)
    task.status = 'queued'
    delete task.error
    this.status = 'running'
    this.reason = undefined
    this.emit('plan.reopened', { taskId })
  }

  private must(taskId: string): TaskDetail {
    const task = this.task(taskId)
    if (task === undefined) throw new Error(`plan ${this.id} has no task ${taskId}`)
    return task
  }
}
