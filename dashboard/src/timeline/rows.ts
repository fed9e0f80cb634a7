import type { TaskStatus } from '../api/types.ts'
import type { AttemptSpan, LiveTask, PlanModel } from '../live/plan-model.ts'
import type { Order } from '../plan/plan-search.ts'
import { type TimeMap, timeMap, UNCUT } from './time-map.ts'
import type { TimeSpan } from './time-scale.ts'

export type Row =
  | { kind: 'wave'; wave: number; tasks: number; ended: number }
  | { kind: 'task'; task: LiveTask }

export interface RowFilter {
  text: string
  statuses: ReadonlySet<TaskStatus>
  order: Order
}

const STATUS_ORDER: TaskStatus[] = [
  'running',
  'failed',
  'incomplete',
  'queued',
  'skipped',
  'cancelled',
  'succeeded',
]

/** The rows of the timeline, top to bottom. Waves get headings if there are several. */
export function timelineRows(model: PlanModel, filter: RowFilter, now: number): Row[] {
  const text = filter.text.trim().toLowerCase()
  const shown = [...model.tasks.values()].filter(
    (task) =>
      (filter.statuses.size === 0 || filter.statuses.has(task.status)) &&
      (text === '' ||
        task.id.toLowerCase().includes(text) ||
        task.description.toLowerCase().includes(text)),
  )
  switch (filter.order) {
    case 'plan':
      return byWave(shown)
    case 'active':
      return taskRows([...shown.filter(isRunning), ...shown.filter((task) => !isRunning(task))])
    case 'start':
      return taskRows(shown.sort((a, b) => (a.startedAt ?? Infinity) - (b.startedAt ?? Infinity)))
    case 'duration':
      return taskRows(shown.sort((a, b) => durationMs(b, now) - durationMs(a, now)))
    case 'cost':
      return taskRows(shown.sort((a, b) => b.costUsd - a.costUsd))
    case 'status':
      return taskRows(
        shown.sort((a, b) => STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status)),
      )
  }
}

function byWave(tasks: LiveTask[]): Row[] {
  const waves = new Map<number, LiveTask[]>()
  for (const task of tasks) {
    const wave = waves.get(task.wave)
    if (wave === undefined) waves.set(task.wave, [task])
    else wave.push(task)
  }
  if (waves.size < 2) return taskRows(tasks)
  return [...waves.entries()]
    .sort(([a], [b]) => a - b)
    .flatMap(([wave, members]): Row[] => [
      { kind: 'wave', wave, tasks: members.length, ended: members.filter(hasEnded).length },
      ...taskRows(members),
    ])
}

function taskRows(tasks: LiveTask[]): Row[] {
  return tasks.map((task) => ({ kind: 'task', task }))
}

function isRunning(task: LiveTask): boolean {
  return task.status === 'running'
}

export function hasEnded(task: LiveTask): boolean {
  return task.status !== 'queued' && task.status !== 'running'
}

/** From its first start to its end, or until now; 0 before it has started. */
export function durationMs(task: LiveTask, now: number): number {
  return task.startedAt === null ? 0 : Math.max(0, (task.finishedAt ?? now) - task.startedAt)
}

export interface Segment extends TimeSpan {
  kind: 'queued' | 'waiting' | 'attempt'
  /** Only for an attempt. */
  number?: number
  outcome?: AttemptSpan['outcome']
  /** From a round before the last retry. */
  earlier?: boolean
}

/** One task's lane: waiting in the queue, each attempt, and the pauses in between. */
export function taskSegments(
  task: LiveTask,
  attempts: readonly AttemptSpan[],
  now: number,
): Segment[] {
  const end = task.finishedAt ?? now
  const spans = attempts.length > 0 ? attempts : singleAttempt(task)
  const segments: Segment[] = []
  const earlierRuns = earlierAttempts(task, spans)
  let cursor = task.queuedAt ?? spans[0]?.startedAt ?? end
  for (const [index, span] of spans.entries()) {
    const earlier = index < earlierRuns
    if (span.startedAt > cursor && !earlier) {
      const kind = index === earlierRuns ? 'queued' : 'waiting'
      segments.push({ kind, from: cursor, to: span.startedAt })
    }
    const to = Math.max(span.finishedAt ?? end, span.startedAt)
    segments.push({
      kind: 'attempt',
      from: span.startedAt,
      to,
      number: span.number,
      outcome: span.outcome,
      ...(earlier ? { earlier } : {}),
    })
    // A retried task is queued when the retry is requested, not since its last end.
    cursor = earlier ? Math.max(to, task.queuedAt ?? to) : to
  }
  if (task.status === 'queued' && cursor < now) {
    const kind = spans.length === earlierRuns ? 'queued' : 'waiting'
    segments.push({ kind, from: cursor, to: now })
  }
  return segments
}

/** How many of a task's attempts ended before it was last queued, that is, before a retry. */
export function earlierAttempts(
  task: Pick<LiveTask, 'queuedAt'>,
  attempts: readonly Pick<AttemptSpan, 'finishedAt'>[],
): number {
  const { queuedAt } = task
  if (queuedAt === null) return 0
  return attempts.filter(({ finishedAt }) => finishedAt !== null && finishedAt <= queuedAt).length
}

function singleAttempt(task: LiveTask): AttemptSpan[] {
  if (task.startedAt === null) return []
  const { status, startedAt, finishedAt } = task
  const outcome = status === 'queued' ? 'requeued' : status
  return [{ number: Math.max(1, task.attempt), startedAt, finishedAt, outcome }]
}

/** The times of a plan as drawn: without long periods in which nothing ran. */
export function planTimes(model: PlanModel, synthesesAt: readonly number[], now: number): TimeMap {
  const busy: TimeSpan[] = synthesesAt.map((at) => ({ from: at, to: at }))
  for (const run of model.synthesisRuns) {
    busy.push({ from: run.startedAt, to: run.finishedAt ?? now })
  }
  for (const task of model.tasks.values()) {
    for (const { startedAt, finishedAt } of task.attempts) {
      if (finishedAt !== null) busy.push({ from: startedAt, to: finishedAt })
    }
    const from = task.queuedAt ?? task.startedAt
    if (from !== null) busy.push({ from, to: task.finishedAt ?? now })
  }
  return timeMap(busy)
}

/**
 * The range of the axis: from submission to the last end (or until now while the plan is active),
 * plus space for the label after the last bar, which takes `labelShare` of the lane.
 */
export function timeDomain(
  model: PlanModel,
  now: number,
  live: boolean,
  labelShare = 0.06,
  times: TimeMap = UNCUT,
): TimeSpan {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const task of model.tasks.values()) {
    from = Math.min(
      from,
      task.queuedAt ?? Infinity,
      task.startedAt ?? Infinity,
      task.attempts[0]?.startedAt ?? Infinity,
    )
    to = Math.max(to, task.finishedAt ?? -Infinity, task.startedAt ?? -Infinity)
  }
  const createdAt = Date.parse(model.plan?.createdAt ?? '')
  if (!Number.isFinite(from)) from = Number.isNaN(createdAt) ? now : createdAt
  for (const run of model.synthesisRuns) to = Math.max(to, run.finishedAt ?? run.startedAt)
  if (live) to = Math.max(to, now)
  else if (model.finishedAt !== null) to = Math.max(to, model.finishedAt)
  if (!Number.isFinite(to)) to = now
  const begin = times.onAxis(from)
  const end = Math.max(times.onAxis(to), begin + 100)
  return { from: begin, to: end + (end - begin) * (labelShare / (1 - labelShare)) }
}

/** How many tasks ran in each of `buckets` equal parts of `span`, as the maximum within each. */
export function concurrencyProfile(
  tasks: Iterable<LiveTask>,
  span: TimeSpan,
  buckets: number,
  now: number,
  times: TimeMap = UNCUT,
): number[] {
  const scale = buckets / (span.to - span.from)
  const bucketOf = (at: number) =>
    Math.min(buckets - 1, Math.max(0, Math.floor((at - span.from) * scale)))
  const profile = Array<number>(buckets).fill(0)
  let running = 0
  let bucket = 0
  for (const change of changesOf(tasks, now, times)) {
    const at = Math.floor(change / KINDS_OF_CHANGE)
    const kind = change - at * KINDS_OF_CHANGE
    // What was running until here runs in all earlier parts, but not in a part that starts at its
    // end.
    const here = bucketOf(at)
    const startsHere = (at - span.from) * scale <= here
    for (; bucket < here; bucket += 1) {
      if (bucket + 1 < here || !startsHere) profile[bucket + 1] = running
    }
    if (kind === ENDED) running -= 1
    if (kind === STARTED) running += 1
    const most = kind === MOMENTARY ? running + 1 : running
    profile[here] = Math.max(profile[here] ?? 0, most)
  }
  return profile
}

const ENDED = 0
const MOMENTARY = 1
const STARTED = 2
const KINDS_OF_CHANGE = 3

/** In order, each as time * KINDS_OF_CHANGE + kind, with ends before starts. */
function changesOf(tasks: Iterable<LiveTask>, now: number, times: TimeMap): Float64Array {
  const changes: number[] = []
  const add = (at: number, kind: number) =>
    changes.push(Math.round(times.onAxis(at)) * KINDS_OF_CHANGE + kind)
  for (const task of tasks) {
    const attempts = task.attempts.length > 0 ? task.attempts : singleAttempt(task)
    for (const { startedAt, finishedAt } of attempts) {
      const to = finishedAt ?? now
      if (to <= startedAt) {
        add(startedAt, MOMENTARY)
      } else {
        add(startedAt, STARTED)
        add(to, ENDED)
      }
    }
  }
  return Float64Array.from(changes).sort()
}

/** From the first start to the last end of the tasks in some rows; `undefined` if none has started. */
export function runsFromTo(rows: readonly Row[], now: number): TimeSpan | undefined {
  let span: TimeSpan | undefined
  for (const row of rows) {
    if (row.kind !== 'task' || row.task.startedAt === null) continue
    const { startedAt, finishedAt } = row.task
    const to = finishedAt ?? now
    span ??= { from: startedAt, to }
    span = { from: Math.min(span.from, startedAt), to: Math.max(span.to, to) }
  }
  return span
}
