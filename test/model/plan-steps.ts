import type { TaskStatus } from '../../src/core/contract/status.ts'
import { isOver, type PlanModel, type TaskModel, taskOf } from './plan-model.ts'
import {
  askForPreliminary,
  beginFinalSynthesis,
  beginSynthesis,
  endSynthesis,
  finish,
} from './plan-syntheses.ts'
import { type Ending, PAUSE_SECONDS } from './puppets.ts'

// What happens to a plan of the model, and what follows from it.

/** Everything that happens by itself, until nothing more does. */
export function settle(plan: PlanModel, now: number, hasWorker: boolean): void {
  for (let [step] = nextSteps(plan, now, hasWorker); step !== undefined; ) {
    step()
    ;[step] = nextSteps(plan, now, hasWorker)
  }
}

/** What may happen by itself next, each thing on its own. Nobody knows in which order. */
export function nextSteps(plan: PlanModel, now: number, hasWorker: boolean): (() => void)[] {
  release(plan)
  const { tasks, asked, writing } = plan
  const isDone = tasks.every(isOver)
  if (isDone && plan.stop === 'cancelled') finish(plan, 'cancelled')
  const aborts = tasks
    .filter((task) => isStopped(plan, task))
    .map((task) => () => abort(plan, task))
  if (!hasWorker) return aborts
  const mayBegin = (task: TaskModel) =>
    task.status === 'queued' && task.isReleased && task.pausedUntil <= now
  const losses = tasks
    .filter(({ isOrphan }) => isOrphan)
    .map((task) => () => {
      loseAttempt(plan, task)
      if (mayBegin(task)) begin(plan, task, now)
    })
  const begins = tasks.filter(mayBegin).map((task) => () => begin(plan, task, now))
  const syntheses = asked.map((version) => () => {
    plan.asked = asked.filter((each) => each !== version)
    // One that is preliminary has no number before, and is passed over where the final one is next.
    if (version === 'preliminary' && isDone) return
    if (version === 'preliminary') plan.allocated += 1
    beginSynthesis(plan, version === 'preliminary' ? plan.allocated : version, false)
  })
  if (isDone && plan.isFinalDue) syntheses.push(() => beginFinalSynthesis(plan))
  const ends = writing.map((synthesis) => () => endSynthesis(plan, synthesis))
  return [...aborts, ...losses, ...begins, ...syntheses, ...ends]
}

function release(plan: PlanModel): void {
  const inOrder = plan.tasks.toSorted((a, b) => b.priority - a.priority || a.unit - b.unit)
  let running = plan.tasks.filter((task) => task.isReleased && !isOver(task)).length
  for (const task of inOrder) {
    if (running >= plan.limit) return
    if (task.isReleased || isOver(task)) continue
    if (!task.after.every((id) => taskOf(plan, id).status === 'succeeded')) continue
    if (task.former !== undefined && !task.isChanged) continue
    task.isReleased = true
    running += 1
  }
}

function begin(plan: PlanModel, task: TaskModel, now: number): void {
  if (!plan.hasStarted) plan.events.push('plan.started')
  plan.hasStarted = true
  task.status = 'running'
  task.former = undefined
  task.attempt += 1
  task.hasBegun = true
  task.error = undefined
  task.endsAt = now + task.timeoutSeconds
  task.outcomes.push('running')
  task.events.push(`started ${task.attempt}`)
}

function loseAttempt(plan: PlanModel, task: TaskModel): void {
  task.isOrphan = false
  task.outcomes[task.attempt - 1] = 'lost'
  task.status = 'queued'
  task.events.push(`requeued ${task.attempt} worker-lost`)
  const why = whyNotAgain(plan, task)
  if (why !== undefined) endTask(plan, task, ...why)
}

/** How a task ends that would have been retried but was stopped meanwhile. */
function whyNotAgain(plan: PlanModel, task: TaskModel): [TaskStatus, string] | undefined {
  if (plan.stop !== undefined)
    return [plan.stop === 'budget-exhausted' ? 'skipped' : 'cancelled', plan.stop]
  return task.isCancelling ? ['cancelled', 'cancelled'] : undefined
}

/** Ends the attempt, and the task with it, unless it will be retried. */
function endAttempt(
  plan: PlanModel,
  task: TaskModel,
  end: {
    outcome: string
    status: TaskStatus
    error?: string
    again?: { event: string; at: number }
  },
): void {
  task.outcomes[task.attempt - 1] = end.outcome
  if (end.again === undefined) {
    endTask(plan, task, end.status, end.error)
    return
  }
  task.status = 'queued'
  const why = whyNotAgain(plan, task)
  if (why !== undefined) {
    endTask(plan, task, ...why)
    return
  }
  task.pausedUntil = end.again.at
  task.error = end.error
  task.events.push(end.again.event)
}

function endTask(plan: PlanModel, task: TaskModel, status: TaskStatus, error?: string): void {
  task.status = status
  task.error = error
  task.former = undefined
  if (status !== 'succeeded') task.output = undefined
  tellDependents(plan, task)
}

function tellDependents(plan: PlanModel, task: TaskModel): void {
  const { status } = task
  task.isReleased = true
  task.events.push(`finished ${task.attempt} ${status}`)
  if (status === 'succeeded') {
    const hasChanged = task.output !== task.formerOutput
    for (const other of plan.tasks) {
      if (other.status !== 'queued' || !other.after.includes(task.id)) continue
      other.isChanged ||= hasChanged
      restoreUnchanged(plan, other)
    }
    return
  }
  for (const other of plan.tasks) {
    if (other.status === 'queued' && other.after.includes(task.id)) {
      endTask(plan, other, 'skipped', 'dependency-failed')
    }
  }
}

/** Of a task that waited for others that were retried, once it is known that it has no reason to run. */
function restoreUnchanged(plan: PlanModel, task: TaskModel): void {
  const { former } = task
  if (former === undefined || task.isChanged) return
  if (!task.after.every((id) => taskOf(plan, id).status === 'succeeded')) return
  Object.assign(task, { ...former, former: undefined, formerOutput: former.output })
  tellDependents(plan, task)
}

function outputOf(task: TaskModel, ending: Ending): string {
  if (ending === 'answers half a character') return 'half'
  return ending === 'succeeds with the same output' ? 'same' : `attempt ${task.attempt}`
}

export function endByItself(plan: PlanModel, task: TaskModel, ending: Ending, now: number): void {
  plan.costUsd += task.costUsd
  const { attempt } = task
  switch (ending) {
    case 'succeeds':
    case 'succeeds with the same output':
    case 'answers half a character':
    case 'counts what is no number':
    case 'counts too much':
      task.output = outputOf(task, ending)
      endAttempt(plan, task, { outcome: 'succeeded', status: 'succeeded' })
      break
    case 'is cut short':
      task.spent += 1
      endAttempt(plan, task, { outcome: 'incomplete', status: 'incomplete', error: 'step-limit' })
      break
    case 'fails for good':
    case 'throws': {
      task.spent += 1
      const error = ending === 'throws' ? 'executor-error' : 'refused'
      endAttempt(plan, task, { outcome: 'failed', status: 'failed', error })
      break
    }
    case 'fails for now': {
      task.spent += 1
      const again =
        task.spent < task.attempts
          ? { event: `retrying ${attempt} transient`, at: now + PAUSE_SECONDS }
          : undefined
      endAttempt(plan, task, {
        outcome: 'failed',
        status: 'failed',
        error: 'transient',
        ...(again && { again }),
      })
    }
  }
  abortIfAsked(plan, task)
  stopIfSpent(plan)
  askForPreliminary(plan)
}

/** Attempts that run out of time at the same moment, one after the other or, as Redis may see them, in one go. */
export function timeOut(
  plan: PlanModel,
  late: readonly TaskModel[],
  now: number,
  together: boolean,
): void {
  for (const task of late) {
    endLate(plan, task, now)
    abortIfAsked(plan, task)
    if (!together) stopIfSpent(plan)
  }
  if (together) stopIfSpent(plan)
  askForPreliminary(plan)
}

export const isLastAttempt = ({ spent, attempts }: TaskModel) => spent + 1 >= attempts

function endLate(plan: PlanModel, task: TaskModel, now: number): void {
  task.spent += 1
  const again =
    task.spent < task.attempts ? { event: `retrying ${task.attempt} timeout`, at: now } : undefined
  endAttempt(plan, task, {
    outcome: 'timed-out',
    status: 'failed',
    error: 'timeout',
    ...(again && { again }),
  })
}

function abortIfAsked(plan: PlanModel, task: TaskModel): void {
  if (task.status === 'failed' && plan.shape.abort) stop(plan, 'aborted')
}

function stopIfSpent(plan: PlanModel): void {
  const { budgetUsd } = plan
  const isSpent = budgetUsd !== undefined && plan.costUsd >= budgetUsd - 1e-12
  if (isSpent && plan.tasks.some(({ status }) => status === 'queued'))
    stop(plan, 'budget-exhausted')
}

/** Its worker is told to end: what runs goes back into the queue. */
export function handBack(plan: PlanModel): void {
  for (const task of plan.tasks) {
    if (task.status !== 'running' || task.isOrphan) continue
    const event = `requeued ${task.attempt} worker-shutdown`
    endAttempt(plan, task, { outcome: 'interrupted', status: 'queued', again: { event, at: 0 } })
  }
}

export function orphan(plan: PlanModel): void {
  for (const task of plan.tasks) if (task.status === 'running') task.isOrphan = true
}

export function cancelTask(plan: PlanModel, task: TaskModel): void {
  if (task.status === 'queued') {
    endTask(plan, task, 'cancelled', 'cancelled')
    return
  }
  task.isCancelling = true
}

export function stop(plan: PlanModel, code: string): void {
  if (plan.outcome !== undefined) return
  // What a budget stopped can still be cancelled, and run out of time.
  if (plan.stop !== undefined && plan.stop !== 'budget-exhausted') return
  if (plan.stop === code) return
  plan.stop = code
  if (code !== 'budget-exhausted') plan.deadline = Number.POSITIVE_INFINITY
  plan.events.push(`plan.stopped ${code}`)
  for (const task of plan.tasks) {
    if (task.status !== 'queued') continue
    // What has begun was not passed over by an abort, even if it waits for its next attempt.
    const isSkipped = code === 'budget-exhausted' || (code === 'aborted' && !task.hasBegun)
    endTask(plan, task, isSkipped ? 'skipped' : 'cancelled', code)
  }
}

/** Workers hear of a stop or a cancel a little later. What has ended by then stays as it ended. */
function isStopped(plan: PlanModel, task: TaskModel): boolean {
  if (task.status !== 'running' || task.isOrphan) return false
  return task.isCancelling || (plan.stop !== undefined && plan.stop !== 'budget-exhausted')
}

function abort(plan: PlanModel, task: TaskModel): void {
  const error = task.isCancelling ? 'cancelled' : plan.stop
  endAttempt(plan, task, { outcome: 'cancelled', status: 'cancelled', ...(error && { error }) })
  askForPreliminary(plan)
}
