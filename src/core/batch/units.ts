import type { TaskSpec } from '../contract/task-spec.ts'
import type { Unit } from '../ports/queue.ts'
import type { InitialUnits, Lane, PlanSpec, UnitLayout } from '../ports/records.ts'

/**
 * A plan with up to this many tasks is small: its jobs hold few tasks, and never wait behind large
 * plans.
 */
const SMALL_PLAN = 200
/**
 * Each job has a fixed cost. With more tasks per job there is little left to save, and balance
 * suffers.
 */
const TASKS_A_JOB = { small: 5, large: 25 }
/** Large plans still get at least this many jobs, so that workers can share them. */
const FEWEST_JOBS = 40
/** Jobs of one transaction, which blocks Redis for some 40 ms. `shared/batches.lua` knows the number. */
export const JOBS_AT_ONCE = 400

/**
 * Decides how a plan's tasks are packed into jobs. Tasks that mostly wait for something else share
 * a job, because the queue's cost is per job; tasks that compute on this machine get one each, so
 * that workers can share them. If a limit holds tasks back, a job runs one task at a time, so that
 * releasing a job means running one task.
 */
export function layoutUnits(
  tasks: readonly TaskSpec[],
  options: {
    /** Whether some task waits for another. */
    ordered: boolean
    /** How many tasks may run at the same time; undefined if the plan sets no limit. */
    maxConcurrency: number | undefined
    laneOf: (task: TaskSpec) => 'io' | 'cpu'
    /** Tasks may wait for hours, which must not keep others of their job from starting. */
    relaxed?: boolean
    /** The synthesis is little work that needs nothing but the outputs of the tasks. */
    plainSynthesis: boolean
  },
): UnitLayout {
  const lanes = tasks.map(options.laneOf)
  const first = lanes[0] ?? 'io'
  const uniform = lanes.every((lane) => lane === first)
  // It may be more than there are tasks: some may be added.
  const limit = options.maxConcurrency ?? null
  const alone = options.ordered || options.relaxed === true || !uniform || first === 'cpu'
  const size = alone ? 1 : unitSize(tasks.length, limit)
  const count = Math.ceil(tasks.length / size)
  return {
    size,
    count,
    width: limit === null ? 'all' : 1,
    limit,
    lane: uniform ? laneIn(tasks.length, first) : lanes,
    ...(count > JOBS_AT_ONCE ? { inSlices: true } : {}),
    ...(options.plainSynthesis && size > 1 && tasks.length <= SMALL_PLAN
      ? { writesSynthesis: true }
      : {}),
  }
}

function unitSize(tasks: number, limit: number | null): number {
  if (tasks <= SMALL_PLAN) return limit === null ? TASKS_A_JOB.small : 1
  // With a limit, having several times as many units as may run keeps the last round short.
  const fewest = limit === null ? FEWEST_JOBS : Math.max(FEWEST_JOBS, limit * 4)
  return Math.max(1, Math.min(TASKS_A_JOB.large, Math.floor(tasks / fewest)))
}

/** The lane of a task in a plan of so many. */
export function laneIn(tasks: number, lane: 'io' | 'cpu'): Lane {
  return lane === 'io' && tasks > SMALL_PLAN ? 'bulk' : lane
}

/** The lane of a task, by its index in the plan. */
export function laneOfTask(layout: UnitLayout, index: number): Lane {
  const { added } = layout
  if (added !== undefined && index >= added.from) return added.lanes[index - added.from] ?? 'io'
  return typeof layout.lane === 'string' ? layout.lane : (layout.lane[index] ?? 'io')
}

const LANES: Lane[] = ['io', 'bulk', 'cpu']

/**
 * The lanes that a unit's job may be in. The number of a unit of a later batch does not tell its task, and an added
 * task may need a lane that the plan had no use for before.
 */
export function lanesOfUnit({ lane, count }: UnitLayout, unit: number): Lane[] {
  if (count !== undefined && unit >= count) return LANES
  if (typeof lane === 'string') return [lane]
  const own = lane[unit]
  return own === undefined ? [...new Set(lane)] : [own]
}

/** The order in which tasks run that do not wait for anything else. */
export function inOrderOfPriority(tasks: readonly TaskSpec[]): TaskSpec[] {
  return tasks.toSorted((a, b) => b.priority - a.priority)
}

/**
 * The units of a newly submitted plan. `held` says whether a unit waits for a task or for the
 * limit.
 */
export function unitsOf(
  spec: PlanSpec,
  tasks: readonly TaskSpec[],
  options: { round: number; held: (unit: number) => boolean },
): Unit[] {
  const { size, width } = spec.units
  const bundled = size > 1
  const ranks = new Map(inOrderOfPriority(tasks).map((task, rank) => [task.id, rank]))
  const units: Unit[] = []
  for (let at = 0; at < tasks.length; at += size) {
    const members = tasks.slice(at, at + size)
    const unit = at / size
    const rank = bundled ? unit : (ranks.get(members[0]?.id ?? '') ?? unit)
    units.push({
      planId: spec.id,
      unit,
      lane: laneOfTask(spec.units, at),
      taskIds: bundled ? [] : members.map((task) => task.id),
      bundle: bundled ? members.length : 0,
      width,
      planTasks: tasks.length,
      // By priority within the plan, even if the priorities are far apart.
      round: options.round + rank,
      priority: Math.max(...members.map((task) => task.priority)),
      held: spec.units.inSlices === true || options.held(unit),
      writesSynthesis: spec.units.writesSynthesis === true,
    })
  }
  return units
}

/** Which units may run at once, which wait for the limit, and which wait for how many tasks. */
export function initialUnits(tasks: readonly TaskSpec[], layout: UnitLayout): InitialUnits {
  const held = new Map<number, number>()
  for (const [index, { waitsFor = [] }] of tasks.entries()) {
    if (waitsFor.length > 0) held.set(Math.floor(index / layout.size), waitsFor.length)
  }
  const count = Math.ceil(tasks.length / layout.size)
  const priorityOf = (unit: number) => (layout.size > 1 ? 0 : (tasks[unit]?.priority ?? 0))
  const free = Array.from({ length: count }, (_, unit) => unit)
    .filter((unit) => !held.has(unit))
    .sort((a, b) => priorityOf(b) - priorityOf(a) || a - b)
  const at = layout.limit ?? free.length
  return { released: free.slice(0, at), ready: free.slice(at), held }
}
