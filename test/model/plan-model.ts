import { isEnded, type PlanStatus, type TaskStatus } from '../../src/core/contract/status.ts'

// What a plan should be, said as simply as it can be: no jobs, no Redis, nothing at the same time.

export interface PlanShape {
  /** `after`: positions of tasks before it. */
  tasks: {
    after?: number[]
    attempts?: number
    timeoutSeconds?: number
    priority?: number
    costUsd?: number
    heavy?: true
    heedless?: true
  }[]
  sequential?: true
  maxConcurrency?: number
  abort?: true
  minSuccess?: number
  budgetUsd?: number
  timeoutSeconds?: number
  synthesis: boolean
  /** A preliminary one after so many ended tasks. Of sequential plans: tasks that end together count once. */
  every?: number
}

export interface TaskModel {
  id: string
  after: string[]
  attempts: number
  timeoutSeconds: number
  priority: number
  costUsd: number
  status: TaskStatus
  /** Its place among those that wait; a retry comes after all that were there. */
  unit: number
  /** May run, as far as the tasks before it and the plan's limit are concerned. */
  isReleased: boolean
  attempt: number
  /** Since it was submitted or retried. */
  hasBegun: boolean
  spent: number
  pausedUntil: number
  endsAt: number
  /** Its worker died, and nobody has noticed. */
  isOrphan: boolean
  isCancelling: boolean
  error: string | undefined
  /** What tasks that depend on it read, once it has succeeded, and what they read before it was retried. */
  output: string | undefined
  formerOutput: string | undefined
  /** It waits for tasks that are retried; unless one of them changes, it becomes this again. */
  former: { status: TaskStatus; error: string | undefined; output: string | undefined } | undefined
  isChanged: boolean
  outcomes: string[]
  events: string[]
}

export interface PlanModel {
  shape: PlanShape
  tasks: TaskModel[]
  /** The most tasks that run at the same time. */
  limit: number
  deadline: number
  nextUnit: number
  budgetUsd: number | undefined
  costUsd: number
  stop: string | undefined
  outcome: PlanStatus | undefined
  hasStarted: boolean
  synthesis: 'disabled' | 'pending' | 'succeeded'
  /** The newest that is written, and the newest that has a number. */
  version: number
  allocated: number
  /** Requested versions that have not begun, and the one being written; a plan without synthesis has none. */
  asked: (number | 'preliminary')[]
  writing: { version: number | undefined; isFinal: boolean }[]
  /** How many preliminary ones have been asked for. */
  preliminaries: number
  /** The synthesis behind the last batch is to come. */
  isFinalDue: boolean
  events: string[]
}

export const DEFAULT_TIMEOUT_SECONDS = 600
const IDS = 'abcdefghijklmnop'

export function newPlan(shape: PlanShape, now: number): PlanModel {
  const limit = shape.sequential ? 1 : (shape.maxConcurrency ?? Number.POSITIVE_INFINITY)
  const tasks = shape.tasks.map(
    (task, at): TaskModel => ({
      id: IDS[at] ?? '',
      after: (task.after ?? []).map((other) => IDS[other] ?? ''),
      attempts: task.attempts ?? 3,
      timeoutSeconds: task.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
      priority: task.priority ?? 0,
      costUsd: task.costUsd ?? 0,
      status: 'queued',
      unit: at,
      isReleased: false,
      attempt: 0,
      hasBegun: false,
      spent: 0,
      pausedUntil: 0,
      endsAt: 0,
      isOrphan: false,
      isCancelling: false,
      error: undefined,
      output: undefined,
      formerOutput: undefined,
      former: undefined,
      isChanged: false,
      outcomes: [],
      events: [],
    }),
  )
  return {
    shape,
    tasks,
    limit,
    deadline: now + (shape.timeoutSeconds ?? Number.POSITIVE_INFINITY),
    nextUnit: tasks.length,
    budgetUsd: shape.budgetUsd,
    costUsd: 0,
    stop: undefined,
    outcome: undefined,
    hasStarted: false,
    synthesis: shape.synthesis ? 'pending' : 'disabled',
    version: 0,
    allocated: 0,
    asked: [],
    writing: [],
    preliminaries: 0,
    isFinalDue: true,
    events: ['plan.queued'],
  }
}

export const isOver = ({ status }: TaskModel) => isEnded(status)

export function countsOf(plan: PlanModel): Record<TaskStatus, number> {
  const counts = { queued: 0, running: 0, succeeded: 0, incomplete: 0, failed: 0 } as Record<
    TaskStatus,
    number
  >
  counts.cancelled = 0
  counts.skipped = 0
  for (const { status } of plan.tasks) counts[status] += 1
  return counts
}

export function taskOf(plan: PlanModel, id: string): TaskModel {
  const found = plan.tasks.find((task) => task.id === id)
  if (found === undefined) throw new Error(`no task ${id}`)
  return found
}

/** Tasks by their positions, modulo how many there are, each once. */
export function severalOf(plan: PlanModel, positions: readonly number[]): TaskModel[] {
  const found = positions.map((at) => plan.tasks[at % plan.tasks.length] as TaskModel)
  return [...new Set(found)]
}
