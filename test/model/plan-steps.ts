import { finalPlanStatus, type TaskStatus } from '../../src/core/contract/status.ts'
import { countsOf, isOver, type PlanModel, type TaskModel, taskOf } from './plan-model.ts'
import { type Ending, PAUSE_SECONDS } from './puppets.ts'

// What happens to a plan of the model, and what follows from it.

/** Everything that happens by itself, until nothing more does; or up to the syntheses. */
export function settle(
  plan: PlanModel,
  now: number,
  hasWorker: boolean,
  writesSyntheses = true,
): void {
  abortStopped(plan)
  release(plan)
  if (hasWorker) {
    for (const task of plan.tasks) {
      if (task.isOrphan) loseAttempt(plan, task)
    }
    release(plan)
    for (const task of plan.tasks) {
      if (task.status === 'queued' && task.isReleased && task.pausedUntil <= now)
        begin(plan, task, now)
    }
  }
  const isDone = plan.tasks.every(isOver)
  if (isDone && plan.stop === 'cancelled') finish(plan, 'cancelled')
  if (!hasWorker || !writesSyntheses) return
  for (const version of plan.asked.splice(0)) writeSynthesis(plan, version)
  if (!isDone || !plan.isFinalDue) return
  plan.isFinalDue = false
  if (plan.shape.synthesis) {
    plan.allocated += 1
    writeSynthesis(plan, plan.allocated)
  }
  const cancelled = plan.stop === 'cancelled'
  const { minSuccess = 0 } = plan.shape
  const synthesis = plan.shape.synthesis ? 'succeeded' : 'none'
  finish(plan, finalPlanStatus(countsOf(plan), { cancelled, minSuccess, synthesis }))
}

function release(plan: PlanModel): void {
  const inOrder = plan.tasks.toSorted((a, b) => b.priority - a.priority || a.unit - b.unit)
  let running = plan.tasks.filter((task) => task.isReleased && !isOver(task)).length
  for (const task of inOrder) {
    if (running >= plan.limit) return
    if (task.isReleased || isOver(task)) continue
    if (!task.after.every((id) => taskOf(plan, id).status === 'succeeded')) continue
    task.isReleased = true
    running += 1
  }
}

function begin(plan: PlanModel, task: TaskModel, now: number): void {
  if (!plan.hasStarted) plan.events.push('plan.started')
  plan.hasStarted = true
  task.status = 'running'
  task.attempt += 1
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

/** How a task ends that would be tried again, where it was stopped meanwhile. */
function whyNotAgain(plan: PlanModel, task: TaskModel): [TaskStatus, string] | undefined {
  if (plan.stop !== undefined)
    return [plan.stop === 'budget-exhausted' ? 'skipped' : 'cancelled', plan.stop]
  return task.isCancelling ? ['cancelled', 'cancelled'] : undefined
}

/** The attempt is over, and with it the task, unless it is to be tried again. */
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
  task.isReleased = true
  task.events.push(`finished ${task.attempt} ${status}`)
  if (status === 'succeeded') return
  for (const other of plan.tasks) {
    if (other.status === 'queued' && other.after.includes(task.id)) {
      endTask(plan, other, 'skipped', 'dependency-failed')
    }
  }
}

export function endByItself(plan: PlanModel, task: TaskModel, ending: Ending, now: number): void {
  plan.costUsd += task.costUsd
  const { attempt } = task
  switch (ending) {
    case 'succeeds':
    case 'answers half a character':
    case 'counts what is no number':
    case 'counts too much':
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
  afterEnd(plan, task)
}

export function timeOut(plan: PlanModel, task: TaskModel, now: number): void {
  task.spent += 1
  const again =
    task.spent < task.attempts ? { event: `retrying ${task.attempt} timeout`, at: now } : undefined
  endAttempt(plan, task, {
    outcome: 'timed-out',
    status: 'failed',
    error: 'timeout',
    ...(again && { again }),
  })
  afterEnd(plan, task)
}

function afterEnd(plan: PlanModel, task: TaskModel): void {
  if (task.status === 'failed' && plan.shape.abort) stop(plan, 'aborted')
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
  plan.events.push(`plan.stopped ${code}`)
  const status = code === 'aborted' || code === 'budget-exhausted' ? 'skipped' : 'cancelled'
  for (const task of plan.tasks) if (task.status === 'queued') endTask(plan, task, status, code)
}

/** Workers hear of a stop or a cancel a little later. What has ended by then stays as it ended. */
function abortStopped(plan: PlanModel): void {
  const { stop: code } = plan
  const isStopped = code !== undefined && code !== 'budget-exhausted'
  for (const task of plan.tasks) {
    if (task.status !== 'running' || task.isOrphan) continue
    if (!isStopped && !task.isCancelling) continue
    const error = task.isCancelling ? 'cancelled' : code
    endAttempt(plan, task, { outcome: 'cancelled', status: 'cancelled', ...(error && { error }) })
  }
}

function finish(plan: PlanModel, outcome: string): void {
  if (plan.outcome !== undefined) return
  plan.outcome = outcome
  plan.events.push(`plan.finished ${outcome}`)
}

function writeSynthesis(plan: PlanModel, version: number): void {
  plan.events.push(`synthesis.started ${version}`, `synthesis.finished ${version}`)
  plan.version = Math.max(plan.version, version)
  plan.synthesis = plan.isFinalDue && plan.shape.synthesis ? 'pending' : 'succeeded'
}

export function askForSynthesis(plan: PlanModel): void {
  plan.allocated += 1
  plan.asked.push(plan.allocated)
  plan.synthesis = 'pending'
}

/** What the budget stopped runs again, as far as it does not wait for something that failed. */
export function resume(plan: PlanModel, budgetUsd: number): string | undefined {
  const stopped = new Set(plan.tasks.filter((task) => task.error === 'budget-exhausted'))
  for (let size = -1; size !== stopped.size; ) {
    size = stopped.size
    const ids = new Set([...stopped].map(({ id }) => id))
    for (const task of stopped) if (isMissing(plan, ids, task)) stopped.delete(task)
  }
  const ids = [...stopped].map(({ id }) => id)
  if (ids.length > 0) {
    const why = retry(plan, ids)
    if (why !== undefined) return why
  }
  plan.budgetUsd = budgetUsd
  if (plan.stop === 'budget-exhausted') plan.stop = undefined
  return undefined
}

/** Whether it waits for a task that has ended badly, and is not to run again. */
function isMissing(plan: PlanModel, chosen: ReadonlySet<string>, task: TaskModel): boolean {
  return task.after.some((id) => {
    const before = taskOf(plan, id)
    return !chosen.has(id) && isOver(before) && before.status !== 'succeeded'
  })
}

/** Answers why not, or runs them again. */
export function retry(plan: PlanModel, ids: string[]): string | undefined {
  const chosen = new Set(ids)
  const all = () => plan.tasks.filter(({ id }) => chosen.has(id))
  if (all().some((task) => isMissing(plan, chosen, task))) return 'task-not-finished'
  for (let size = -1; size !== chosen.size; ) {
    size = chosen.size
    for (const task of plan.tasks) {
      const follows = task.status === 'skipped' && task.after.some((id) => chosen.has(id))
      if (follows && !isMissing(plan, chosen, task)) chosen.add(task.id)
    }
  }
  const isInUse = (task: TaskModel) =>
    task.status === 'succeeded' &&
    plan.tasks.some((other) => other.after.includes(task.id) && !isOver(other) && other.isReleased)
  if (all().some(isInUse)) return 'task-not-finished'
  if (plan.outcome !== undefined) plan.events.push('plan.reopened')
  plan.outcome = undefined
  plan.stop = undefined
  plan.isFinalDue = true
  if (plan.shape.synthesis) plan.synthesis = 'pending'
  for (const task of all()) {
    task.events.push(`requeued ${task.attempt} retry`)
    Object.assign(task, { status: 'queued', spent: 0, pausedUntil: 0, isCancelling: false })
    Object.assign(task, { error: undefined, unit: plan.nextUnit, isReleased: false })
    plan.nextUnit += 1
  }
  return undefined
}
