import { isEnded } from '../contract/status.ts'
import type { Report } from '../contract/views.ts'
import { waitForEachOther } from './core-wait.ts'
import { costRemark, costsOf } from './report-cost.ts'
import type { ReportInput, ReportTask } from './report-input.ts'
import { count, times, words } from './report-words.ts'

interface Run {
  task: ReportTask
  start: number
  end: number
  durationMs: number
  /** Since it could have run, that is, since it was queued and its dependencies had ended. */
  waitMs: number
}

/**
 * A straggler takes this many times the median, and exceeds it by at least a tenth of the plan's
 * time.
 */
const STRAGGLER_TIMES = 2
const MAX_STRAGGLERS = 10
/** In a shorter plan, more parallelism gains nobody anything. */
const SHORT_PLAN_MS = 1_000
/** From this share of the tasks' time on, waiting for cores is worth mentioning. */
const BUSY_CORES_SHARE = 0.2
/** Shorter waits are not worth mentioning. */
const LONG_WAIT_MS = 1_000

/**
 * What the plan gained from parallelism, judging by its task times; so far, if it is still running.
 */
export function buildReport(input: ReportInput): Report {
  const runs = readRuns(input)
  const { wallMs, idleMs } = wallTime(input, runs)
  const sumOfTaskMs = runs.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const coreWaitMs = waitForEachOther(runs)
  const savedShare = sumOfTaskMs > 0 ? (sumOfTaskMs - coreWaitMs) / sumOfTaskMs : 1
  // Tasks too quick to measure count as one at a time.
  const atOnce = wallMs > 0 ? sumOfTaskMs / wallMs : runs.length > 0 ? 1 : 0
  const waits = runs.map(({ waitMs }) => waitMs).sort((a, b) => a - b)
  const path = criticalPath(input.tasks, runs)
  const stragglers = findStragglers(runs, wallMs)
  const report: Report = {
    wallMs,
    idleMs,
    sumOfTaskMs,
    coreWaitMs,
    speedup: round(atOnce * savedShare),
    effectiveParallelism: round(atOnce),
    criticalPathMs: path.durationMs,
    queueWaitMs: { p50: percentile(waits, 50), p95: percentile(waits, 95), max: waits.at(-1) ?? 0 },
    stragglers,
    usage: input.usage,
    cost: costsOf(input),
    diagnostics: [],
  }
  report.diagnostics = diagnose(input, runs, report, path.tasks)
  return report
}

/**
 * From the first start to the last end, or until now, excluding times when there was nothing to
 * run: a task that is retried an hour later does not make the plan an hour longer.
 */
function wallTime(
  { tasks, now, startedAt }: ReportInput,
  runs: readonly Run[],
): Pick<Report, 'wallMs' | 'idleMs'> {
  const starts = runs.map(({ start }) => start)
  const first = starts.reduce((earliest, start) => Math.min(earliest, start), Infinity)
  let until = first
  const busy = runs.map(({ start, end, waitMs }) => ({ from: start - waitMs, to: end }))
  let wallMs = 0
  // Where every task was retried, all that was before that.
  const begun = busy.reduce((earliest, { from }) => Math.min(earliest, from), first)
  let idleMs = startedAt === undefined || runs.length === 0 ? 0 : Math.max(0, begun - startedAt)
  for (const { from, to } of busy.sort((a, b) => a.from - b.from)) {
    if (to <= until) continue
    wallMs += to - Math.max(from, until)
    idleMs += Math.max(0, from - until)
    until = to
  }
  // If the plan is unfinished, the time since the last end counts too: it is waiting for a worker.
  const atWork = runs.length > 0 && tasks.some(({ status }) => !isEnded(status))
  const waiting = tasks.filter(({ status }) => status === 'queued')
  const queued = waiting.reduce((earliest, { queuedAt }) => Math.min(earliest, queuedAt), now)
  const since = Math.max(until, queued)
  if (!atWork) return { wallMs, idleMs }
  return { wallMs: wallMs + Math.max(0, now - since), idleMs: idleMs + Math.max(0, since - until) }
}

function readRuns({ tasks, now }: ReportInput): Run[] {
  const ends = new Map(tasks.map(({ taskId, finishedAt }) => [taskId, finishedAt]))
  return tasks.flatMap((task) => {
    if (task.startedAt === undefined) return []
    const end = Math.max(task.startedAt, task.finishedAt ?? now)
    const ready = task.dependsOn.reduce(
      (latest, id) => Math.max(latest, ends.get(id) ?? latest),
      task.queuedAt,
    )
    return [
      {
        task,
        start: task.startedAt,
        end,
        durationMs: end - task.startedAt,
        waitMs: Math.max(0, task.startedAt - ready),
      },
    ]
  })
}

/** The longest chain of dependent tasks, by duration. */
function criticalPath(
  tasks: readonly ReportTask[],
  runs: readonly Run[],
): { durationMs: number; tasks: number } {
  const durations = new Map(runs.map(({ task, durationMs }) => [task.taskId, durationMs]))
  const waitingFor = new Map(tasks.map(({ taskId, dependsOn }) => [taskId, dependsOn.length]))
  const dependents = new Map<string, string[]>()
  for (const { taskId, dependsOn } of tasks) {
    for (const id of dependsOn) {
      const list = dependents.get(id)
      if (list === undefined) dependents.set(id, [taskId])
      else list.push(taskId)
    }
  }
  const before = new Map<string, { durationMs: number; tasks: number }>()
  let longest = { durationMs: 0, tasks: 0 }
  const free = tasks.filter(({ dependsOn }) => dependsOn.length === 0).map(({ taskId }) => taskId)
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    const sofar = before.get(id) ?? { durationMs: 0, tasks: 0 }
    const path = { durationMs: sofar.durationMs + (durations.get(id) ?? 0), tasks: sofar.tasks + 1 }
    if (path.durationMs > longest.durationMs) longest = path
    for (const dependent of dependents.get(id) ?? []) {
      if (path.durationMs >= (before.get(dependent)?.durationMs ?? 0)) before.set(dependent, path)
      const left = (waitingFor.get(dependent) ?? 0) - 1
      waitingFor.set(dependent, left)
      if (left === 0) free.push(dependent)
    }
  }
  return longest
}

function findStragglers(runs: readonly Run[], wallMs: number): Report['stragglers'] {
  // A cancelled run does not show how long its work takes.
  const whole = runs.filter(({ task }) => task.status !== 'cancelled')
  if (whole.length < 2 || wallMs < SHORT_PLAN_MS) return []
  const durations = whole.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
  const median = Math.max(1, percentile(durations, 50))
  return whole
    .filter(
      ({ durationMs }) =>
        durationMs >= STRAGGLER_TIMES * median && durationMs - median >= wallMs / 10,
    )
    .sort((a, b) => b.durationMs - a.durationMs)
    .slice(0, MAX_STRAGGLERS)
    .map(({ task, durationMs }) => ({
      taskId: task.taskId,
      durationMs,
      timesMedian: round(durationMs / median),
    }))
}

function diagnose(
  input: ReportInput,
  runs: readonly Run[],
  report: Report,
  pathTasks: number,
): Report['diagnostics'] {
  const found: Report['diagnostics'] = []
  const say = (code: string, message: string) => found.push({ code, message })
  const { wallMs, queueWaitMs, criticalPathMs, stragglers } = report
  const atOnce = mostAtOnce(runs.map(({ start, end }) => [start, end]))
  const ready = mostAtOnce(runs.map(({ start, end, waitMs }) => [start - waitMs, end]))
  const cap = input.mode === 'sequential' ? 1 : (input.maxConcurrency ?? Infinity)

  if (wallMs >= SHORT_PLAN_MS && input.mode === 'sequential' && input.tasks.length > 1) {
    say(
      'sequential-mode',
      `The plan asks for "mode": "sequential", so its ${input.tasks.length} tasks ran one at a time.`,
    )
  } else if (runs.length > 1 && ready > atOnce && queueWaitMs.max >= LONG_WAIT_MS) {
    if (atOnce >= cap) {
      say(
        'limited-by-policy',
        `At most ${cap} of ${ready} tasks that were ready ran at once, because of policy.maxConcurrency.`,
      )
    } else if (atOnce === 1) {
      say(
        'ran-one-after-another',
        `The tasks ran one after another, although ${ready} were ready at once: too few workers, or their TUTTI_CONCURRENCY is too low.`,
      )
    } else if (queueWaitMs.p95 >= Math.max(LONG_WAIT_MS, wallMs / 10)) {
      say(
        'long-queue-wait',
        `Tasks that were ready waited up to ${words(queueWaitMs.max)} (p95 ${words(queueWaitMs.p95)}); at most ${atOnce} of ${ready} ran at once: more workers would help.`,
      )
    }
  } else if (queueWaitMs.p95 >= Math.max(LONG_WAIT_MS, wallMs / 2)) {
    say(
      'late-start',
      `Tasks waited ${words(queueWaitMs.p95)} (p95) before they started: the workers were away or busy with other plans.`,
    )
  }

  const { coreWaitMs, sumOfTaskMs } = report
  if (runs.length > 1 && wallMs >= SHORT_PLAN_MS && coreWaitMs >= sumOfTaskMs * BUSY_CORES_SHARE) {
    say(
      'cores-busy',
      `Tasks kept each other waiting for a core for ${words(coreWaitMs)} of their ${words(sumOfTaskMs)}, which is not counted as saved: more cores, or workers on more machines, would help.`,
    )
  }

  const cost = costRemark(input)
  if (cost !== undefined) found.push(cost)

  const waiting = input.tasks.filter(({ status }) => status === 'queued')
  const oldest = Math.min(...waiting.slice(0, 10_000).map(({ queuedAt }) => queuedAt))
  if (runs.length === 0 && waiting.length > 0 && input.now - oldest >= 5_000) {
    say(
      'no-worker',
      `No task has started ${words(input.now - oldest)} after the plan was queued: is a worker running, and is it free?`,
    )
  }

  const [slowest] = stragglers
  if (slowest !== undefined && wallMs > 0 && slowest.durationMs / wallMs >= 0.5) {
    const share = Math.round((slowest.durationMs / wallMs) * 100)
    say(
      'straggler',
      `Task ${slowest.taskId} took ${words(slowest.durationMs)}, ${Math.min(100, share)}% of the plan's time and ${times(slowest.timesMedian)} times the median task: the plan could not end before it.`,
    )
  }
  if (
    input.mode === 'parallel' &&
    pathTasks >= 2 &&
    wallMs >= SHORT_PLAN_MS &&
    criticalPathMs / wallMs >= 0.7
  ) {
    const independent = input.tasks.every(({ dependsOn }) => dependsOn.length === 0)
    if (!independent) {
      say(
        'dependency-chain',
        `A chain of ${pathTasks} tasks that waited for each other took ${words(criticalPathMs)} of ${words(wallMs)}: more workers would not make the plan faster.`,
      )
    }
  }
  const lost = sum(input.tasks.map((task) => task.lost ?? 0))
  if (lost > 0) {
    say('worker-lost', `${count(lost, 'run')} ended because a worker was lost or shut down.`)
  }
  const repeated = input.tasks.filter(({ attempts, lost: gone = 0 }) => attempts - gone > 1)
  if (repeated.length > 0) {
    const extra = sum(repeated.map(({ attempts, lost: gone = 0 }) => attempts - gone - 1))
    say(
      'retries',
      `${count(repeated.length, 'task')} ran more than once: ${count(extra, 'retry')}, whose time is part of the plan's.`,
    )
  }
  return found
}

/**
 * The largest number of overlapping intervals; one that starts as another ends does not overlap it.
 */
function mostAtOnce(intervals: readonly (readonly [start: number, end: number])[]): number {
  const changes = intervals
    .flatMap(([start, end]) => [
      { at: start, by: 1 },
      // An interval too short to measure still counts.
      { at: Math.max(end, start + 1), by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by)
  let now = 0
  let most = 0
  for (const { by } of changes) {
    now += by
    most = Math.max(most, now)
  }
  return most
}

/** The nearest-rank percentile; 0 for an empty list. */
function percentile(ascending: readonly number[], percent: number): number {
  return ascending[Math.max(0, Math.ceil((percent / 100) * ascending.length) - 1)] ?? 0
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
