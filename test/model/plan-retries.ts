import { isOver, type PlanModel, type TaskModel, taskOf } from './plan-model.ts'

// What runs again, and what cannot.

/** What the budget stopped runs again, as far as it does not wait for something that failed. */
export function resume(plan: PlanModel, budgetUsd: number, now: number): string | undefined {
  const stopped = new Set(plan.tasks.filter((task) => task.error === 'budget-exhausted'))
  for (let size = -1; size !== stopped.size; ) {
    size = stopped.size
    const ids = new Set([...stopped].map(({ id }) => id))
    for (const task of stopped) if (isMissing(plan, ids, task)) stopped.delete(task)
  }
  const ids = [...stopped].map(({ id }) => id)
  if (ids.length > 0) {
    const why = retry(plan, ids, now)
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
export function retry(plan: PlanModel, ids: string[], now: number): string | undefined {
  const chosen = new Set(ids)
  const all = () => plan.tasks.filter(({ id }) => chosen.has(id))
  if (all().some((task) => isMissing(plan, chosen, task))) return 'task-not-finished'
  addFollowers(plan, chosen)
  // What has ended with an output of these waits for them, and runs again if they change.
  const users = new Set<string>()
  for (let size = -1; size !== users.size; ) {
    size = users.size
    const both = new Set([...chosen, ...users])
    for (const task of plan.tasks) {
      if (both.has(task.id) || !['succeeded', 'incomplete', 'failed'].includes(task.status))
        continue
      const uses = task.after.some((id) => both.has(id))
      if (uses && !isMissing(plan, both, task)) users.add(task.id)
    }
  }
  for (const id of users) chosen.add(id)
  addFollowers(plan, chosen)
  const isInUse = (task: TaskModel) =>
    task.status === 'succeeded' &&
    plan.tasks.some((other) => other.after.includes(task.id) && !isOver(other) && other.isReleased)
  if (all().some(isInUse)) return 'task-not-finished'
  if (plan.outcome !== undefined) plan.events.push('plan.reopened')
  plan.outcome = undefined
  plan.stop = undefined
  // Where it ran out of time, or has finished, it has its full time again.
  const { timeoutSeconds = Number.POSITIVE_INFINITY } = plan.shape
  if (plan.deadline === Number.POSITIVE_INFINITY) plan.deadline = now + timeoutSeconds
  plan.isFinalDue = true
  if (plan.shape.synthesis) plan.synthesis = 'pending'
  for (const task of all()) {
    const { status, error, output } = task
    task.events.push(`requeued ${task.attempt} ${users.has(task.id) ? 'dependency' : 'retry'}`)
    task.former = users.has(task.id) ? { status, error, output } : undefined
    task.isChanged = false
    task.formerOutput = status === 'succeeded' ? output : undefined
    task.output = undefined
    Object.assign(task, { status: 'queued', spent: 0, pausedUntil: 0, isCancelling: false })
    task.hasBegun = false
    Object.assign(task, { error: undefined, unit: plan.nextUnit, isReleased: false })
    plan.nextUnit += 1
  }
  return undefined
}

/** Adds what was skipped because of one of these. */
function addFollowers(plan: PlanModel, chosen: Set<string>): void {
  for (let size = -1; size !== chosen.size; ) {
    size = chosen.size
    for (const task of plan.tasks) {
      const follows = task.status === 'skipped' && task.after.some((id) => chosen.has(id))
      if (follows && !isMissing(plan, chosen, task)) chosen.add(task.id)
    }
  }
}
