import { releaseUnits } from '../batch/release-units.ts'
import { isUnavailable } from '../contract/errors.ts'
import type { AttemptEnd, BegunTask } from '../ports/task-life.ts'
import { pause } from '../timing/pause.ts'
import { heldSlot } from './aside.ts'
import { tracedAttempt } from './attempt-span.ts'
import type { LoadedPlan } from './plan-cache.ts'
import { preparedAttempt } from './prepared-attempt.ts'
import type { RunUnitDeps, UnitJob } from './run-deps.ts'
import { AttemptAborted } from './running-tasks.ts'
import { storeEnd } from './store-end.ts'

/** How soon to try again if a task could not start because the store was down. */
const STORE_AWAY_MS = 1_000

interface Delivered {
  /** Aborts when another worker may have taken over the job. */
  lost: AbortSignal
  delivery: number
}

/** An attempt that its bundle has already started, with a slot of its own. */
interface Begun {
  begun: Extract<BegunTask, { status: 'begun' }>
  plan: LoadedPlan
  token: string
  releaseSlot: () => void
}

/**
 * How a unit, or one of its tasks, was run. `over`: no task of the plan is left to run. `give-back`:
 * another process is to continue.
 */
export type Ran = 'done' | 'over' | 'give-back'

/** Runs one task of a unit to its end, attempt after attempt. */
export async function runTask(
  deps: RunUnitDeps,
  job: UnitJob,
  taskId: string,
  delivered: Delivered,
  first?: Begun,
): Promise<Ran> {
  const { planId } = job
  const { lost } = delivered
  const tracked = deps.running.track(planId, taskId)
  const { controller } = tracked
  const onLost = () => controller.abort(new AttemptAborted('lost', 'The lease was lost.'))
  if (lost.aborted) onLost()
  else lost.addEventListener('abort', onLost, { once: true })
  let begun = first
  try {
    while (true) {
      if (begun === undefined) {
        if (lost.aborted) return 'done'
        if (deps.stopping.aborted) return 'give-back'
      }
      const next =
        begun === undefined
          ? await nextAttempt(deps, job, taskId, controller.signal, delivered)
          : await runBegun(deps, job, begun, controller.signal)
      begun = undefined
      if (next.kind === 'ended') return next.isPlanOver ? 'over' : 'done'
      if (next.kind === 'give-back') return 'give-back'
      // A stop may have come between the attempt and its pause, so ask the store what is left to
      // do.
      if (next.isNew && controller.signal.aborted) continue
      await untilNext(next.ms, controller.signal, deps.stopping)
    }
  } finally {
    lost.removeEventListener('abort', onLost)
    tracked.done()
  }
}

/** A cancellation cuts the pause short only once: a task that must wait after it does wait. */
function untilNext(ms: number, task: AbortSignal, stopping: AbortSignal): Promise<void> {
  return task.aborted ? pause(ms, stopping) : pause(ms, task, stopping)
}

type Next =
  | { kind: 'ended'; isPlanOver: boolean }
  | { kind: 'give-back' }
  /** `isNew`: an attempt has just ended, and the store has not been asked since. */
  | { kind: 'again'; ms: number; isNew?: true }

async function nextAttempt(
  deps: RunUnitDeps,
  job: UnitJob,
  taskId: string,
  signal: AbortSignal,
  { lost, delivery }: Delivered,
): Promise<Next> {
  const { planId, unit, round } = job
  const releaseSlot = await deps.acquireSlot(job, AbortSignal.any([lost, deps.stopping]))
  if (releaseSlot === undefined) return { kind: 'again', ms: 0 }
  try {
    const token = deps.newToken()
    const [begun, plan] = await Promise.all([
      deps.life.begin({ planId, taskId, token, unit, round, delivery }),
      deps.plans.load(planId),
    ])
    if (plan === undefined) return { kind: 'ended', isPlanOver: false }
    await followUp(deps, plan, taskId, begun.released, undefined)
    if (begun.status === 'wait') return { kind: 'again', ms: begun.ms }
    if (begun.status !== 'begun') return { kind: 'ended', isPlanOver: begun.isOver }
    return await runBegun(deps, job, { begun, plan, token, releaseSlot }, signal)
  } catch (error) {
    if (isUnavailable(error)) return { kind: 'again', ms: STORE_AWAY_MS }
    throw error
  } finally {
    releaseSlot()
  }
}

async function runBegun(
  deps: RunUnitDeps,
  job: UnitJob,
  { begun, plan, token, releaseSlot }: Begun,
  signal: AbortSignal,
): Promise<Next> {
  const { taskId, attempt } = begun
  const planId = plan.spec.id
  const slot = heldSlot(deps, job, releaseSlot, signal)
  const result = await tracedAttempt(deps.tracer, plan, begun, () =>
    preparedAttempt(deps, plan, begun, { taskId, token, signal, aside: slot.aside }),
  )
  slot.release()
  // Not awaited: it is sent on the same connection as the end of the attempt, before it.
  void deps.texts.end(planId, taskId)
  const end = { planId, taskId, attempt, token, ...result }
  await listForReuse(deps, plan, end)
  return afterAttempt(deps, plan, end)
}

/** Before its end is stored, so that whoever sees that the plan has finished can reuse all of it. */
async function listForReuse(
  deps: RunUnitDeps,
  plan: LoadedPlan,
  { planId, taskId, inputs, output }: AttemptEnd,
): Promise<void> {
  if (inputs === undefined || deps.reuse === undefined) return
  const { tenant } = plan.spec
  const bytes = JSON.stringify(output).length
  try {
    const task = { planId, taskId }
    await deps.reuse.store.keep({ tenant, key: inputs.key, task, bytes })
  } catch (error) {
    // The task has its result all the same; it is only not found by later plans.
    if (!isUnavailable(error)) deps.onFault(error, planId, taskId)
  }
}

/** Stores how an attempt ended, triggers what follows, and returns the task's next step. */
async function afterAttempt(deps: RunUnitDeps, plan: LoadedPlan, end: AttemptEnd): Promise<Next> {
  const stored = await storeEnd(deps, end)
  // The process is ending while the store is down. The next worker finds the task still running.
  if (stored === 'store-away') return { kind: 'give-back' }
  const { status, released, preliminary, isOver } = stored
  if (status === 'gone' && end.inputs !== undefined) {
    await deps.reuse?.store
      .forget(plan.spec.tenant, end.planId)
      .catch((error: unknown) => deps.onFault(error, end.planId, end.taskId))
  }
  await followUp(deps, plan, end.taskId, released, preliminary)
  if (status !== 'recorded' || stored.replaced || end.status !== 'queued') {
    return { kind: 'ended', isPlanOver: isOver }
  }
  return end.outcome === 'interrupted'
    ? { kind: 'give-back' }
    : { kind: 'again', ms: end.retryInMs ?? 0, isNew: true }
}

/** Puts into the queue what follows from a stored result. */
export async function followUp(
  deps: RunUnitDeps,
  plan: LoadedPlan,
  taskId: string,
  released: readonly number[],
  preliminary: number | undefined,
): Promise<void> {
  try {
    await releaseUnits(deps, plan, released)
    if (preliminary !== undefined) {
      const planId = plan.spec.id
      const jobId = `${planId}-p${preliminary}`
      await deps.queue.enqueueSynthesis({ planId, jobId, kind: 'preliminary' })
    }
  } catch (error) {
    // Released units stay listed until they are in the queue, so the sweeper finds them.
    if (!isUnavailable(error)) deps.onFault(error, plan.spec.id, taskId)
  }
}
