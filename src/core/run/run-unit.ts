import { releaseUnits } from '../batch/release-units.ts'
import type { BudgetStore } from '../budget/allowance.ts'
import type { AllowanceOf } from '../budget/allowances.ts'
import type { Failure } from '../contract/errors.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { TextLog } from '../ports/event-log.ts'
import type { Executor } from '../ports/executor.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { BatchQueue, Unit } from '../ports/queue.ts'
import type { TaskLife, TaskStore } from '../ports/task-life.ts'
import type { Tracer } from '../ports/tracing.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import { type DependencyResult, renderTaskPrompt } from '../text/prompt.ts'
import { openAttemptFolder } from './attempt-folder.ts'
import { tracedAttempt } from './attempt-span.ts'
import type { LoadedPlan, PlanCache } from './plan-cache.ts'
import { type AttemptResult, runAttempt } from './run-attempt.ts'
import { AttemptAborted, type RunningTasks } from './running-tasks.ts'

export interface RunUnitDeps {
  plans: PlanCache
  tasks: TaskStore
  life: TaskLife
  queue: BatchQueue
  texts: TextLog
  budgets: Pick<BudgetStore, 'count'>
  allowanceOf: AllowanceOf
  executors: ReadonlyMap<string, Executor>
  workspaces: Workspaces
  files: Pick<PlanStore, 'files' | 'base' | 'pinBase'>
  running: RunningTasks
  tracer: Tracer
  /** Waits for the process to have room for one more task of this kind. */
  acquireSlot: (job: Pick<Unit, 'lane' | 'planTasks'>) => Promise<() => void>
  /** True once the process is to end: nothing more is begun. */
  stopping: () => boolean
  newToken: () => string
  random: () => number
  /** Something no executor should have done; for the log. */
  onFault: (error: unknown, planId: string, taskId: string) => void
}

export type UnitJob = Pick<
  Unit,
  'planId' | 'unit' | 'lane' | 'taskIds' | 'width' | 'round' | 'planTasks'
>

/**
 * Runs the tasks of one job to their ends: each with its own attempts, timeout, cancel and output,
 * stored as it ends, so that after a crash only unfinished ones run again. `give-back`: some are to
 * be run by another process.
 */
export async function runUnit(
  deps: RunUnitDeps,
  job: UnitJob,
  lost: AbortSignal,
): Promise<'done' | 'give-back'> {
  const results: ('done' | 'give-back')[] = []
  if (job.width === 1) {
    for (const taskId of job.taskIds) results.push(await runTask(deps, job, taskId, lost))
  } else {
    results.push(...(await Promise.all(job.taskIds.map((id) => runTask(deps, job, id, lost)))))
  }
  return results.includes('give-back') ? 'give-back' : 'done'
}

async function runTask(
  deps: RunUnitDeps,
  job: UnitJob,
  taskId: string,
  lost: AbortSignal,
): Promise<'done' | 'give-back'> {
  const { planId } = job
  const tracked = deps.running.track(planId, taskId)
  const { controller } = tracked
  const onLost = () => controller.abort(new AttemptAborted('lost', 'The lease was lost.'))
  lost.addEventListener('abort', onLost, { once: true })
  try {
    while (true) {
      if (deps.stopping()) return 'give-back'
      if (lost.aborted) return 'done'
      const next = await oneAttempt(deps, job, taskId, controller)
      if (next.kind === 'over') return 'done'
      if (next.kind === 'give-back') return 'give-back'
      await pause(next.ms, controller.signal)
    }
  } finally {
    lost.removeEventListener('abort', onLost)
    tracked.done()
  }
}

type Next = { kind: 'over' } | { kind: 'give-back' } | { kind: 'again'; ms: number }

async function oneAttempt(
  deps: RunUnitDeps,
  job: UnitJob,
  taskId: string,
  controller: AbortController,
): Promise<Next> {
  const { planId, unit, round } = job
  const releaseSlot = await deps.acquireSlot(job)
  try {
    if (deps.stopping()) return { kind: 'give-back' }
    const token = deps.newToken()
    const [begun, plan] = await Promise.all([
      deps.life.begin({ planId, taskId, token, unit, round }),
      deps.plans.load(planId),
    ])
    if (begun.status === 'wait') return { kind: 'again', ms: begun.ms }
    if (begun.status !== 'begun' || plan === undefined) return { kind: 'over' }
    const result = await tracedAttempt(deps.tracer, plan, begun, () =>
      attempt(deps, plan, begun, taskId, controller),
    )
    releaseSlot()
    // Not waited for: it goes down the same connection as the end, and before it.
    void deps.texts.end(planId, taskId)
    const end = { planId, taskId, attempt: begun.attempt, token, ...result }
    const { status, released, remaining } = await deps.life.end(end)
    await releaseUnits(deps, plan, released)
    if (status !== 'recorded') return { kind: 'over' }
    await preliminarySynthesis(deps, plan, remaining)
    if (result.status !== 'queued') return { kind: 'over' }
    return result.outcome === 'interrupted'
      ? { kind: 'give-back' }
      : { kind: 'again', ms: result.retryInMs ?? 0 }
  } finally {
    releaseSlot()
  }
}

async function attempt(
  deps: RunUnitDeps,
  plan: LoadedPlan,
  begun: { attempt: number; spent: number; spec: TaskSpec },
  taskId: string,
  controller: AbortController,
): Promise<AttemptResult> {
  const { spec } = begun
  const executor = deps.executors.get(spec.executor)
  if (executor === undefined) {
    return failure({
      code: 'executor-not-available',
      message: `This worker has no executor "${spec.executor}".`,
    })
  }
  const planId = plan.spec.id
  const folder = await openAttemptFolder(deps, plan, spec, executor, controller.signal)
  if ('failure' in folder) {
    const last = begun.spent + 1 >= spec.attempts
    return last ? { ...folder.failure, status: 'failed' } : folder.failure
  }
  try {
    const dependencies = await dependencyResults(deps, planId, spec)
    const spender = { taskId, attempt: begun.attempt }
    const result = await runAttempt({
      executor,
      request: {
        planId,
        taskId,
        attempt: begun.attempt,
        sharedContext: plan.context,
        prompt: renderTaskPrompt(spec, dependencies),
        spec,
        workspace: folder.workspace,
        traceparent: deps.tracer.traceparent() ?? plan.spec.traceparent,
      },
      controller,
      spent: begun.spent,
      random: deps.random,
      allowance: deps.allowanceOf(plan.spec, spender),
      onUsage: (usage) => {
        // Not waited for: the end of the attempt tells it again.
        deps.budgets
          .count(planId, spender, usage)
          .catch((error: unknown) => deps.onFault(error, planId, taskId))
      },
      onText: (text) => deps.texts.append(planId, taskId, begun.attempt, text),
      onFault: (error) => deps.onFault(error, planId, taskId),
    })
    return await folder.withEdits(result)
  } finally {
    await folder.close()
  }
}

export function failure(error: Failure): AttemptResult {
  return { status: 'failed', outcome: 'failed', spends: true, error }
}

async function dependencyResults(
  deps: Pick<RunUnitDeps, 'tasks'>,
  planId: string,
  spec: TaskSpec,
): Promise<DependencyResult[]> {
  const ids = spec.dependsOn ?? []
  if (ids.length === 0) return []
  const [specs, states, outputs] = await Promise.all([
    deps.tasks.specs(planId, ids),
    deps.tasks.states(planId, ids),
    deps.tasks.outputs(planId, ids),
  ])
  return ids.map((taskId, index) => ({
    taskId,
    description: specs[index]?.description ?? taskId,
    status: states[index]?.status ?? 'succeeded',
    text: outputs[index]?.text ?? '',
  }))
}

/** A synthesis on the way, after every so many ended tasks, where the plan asks for that. */
async function preliminarySynthesis(
  deps: Pick<RunUnitDeps, 'queue'>,
  plan: LoadedPlan,
  remaining: number,
): Promise<void> {
  const every = plan.spec.synthesis === false ? undefined : plan.spec.synthesis.every
  if (every === undefined || remaining === 0) return
  const step = Math.floor((plan.taskCount - remaining) / every)
  if (step === 0) return
  // Several workers may come here for one step: the job's id makes them one.
  const jobId = `${plan.spec.id}-p${step}`
  await deps.queue.enqueueSynthesis({ planId: plan.spec.id, jobId, kind: 'preliminary' })
}

/** Resolves after the time, or as soon as the task is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(over, ms)
    function over() {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      resolve()
    }
    signal.addEventListener('abort', over)
  })
}
