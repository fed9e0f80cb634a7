import { isEnded, type TaskStatus } from '../client/index.ts'
import { cut, duration } from './format.ts'
import { countsOf, type Progress, type TaskProgress } from './progress.ts'
import { styled, withoutControls } from './terminal.ts'

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const SPINNER_MS = 80

/** The space for the panel, in characters. */
export interface Size {
  columns: number
  rows: number
}

/**
 * All tasks of a plan, one line each. If not all fit, running ones take precedence, then failed
 * ones, then waiting ones.
 */
export function panel(progress: Progress, size: Size, elapsedMs: number, now: number): string {
  const counts = countsOf(progress)
  const total = progress.tasks.size
  const done = total - counts.queued - counts.running
  const head = `${progress.title} · ${done}/${total} · ${duration(elapsedMs)}`
  // Minus the head, the synthesis, the line about hidden tasks, and one to keep the screen from
  // scrolling.
  const room = Math.max(1, size.rows - 4)
  const shown = rowsOf([...progress.tasks.values()], room)
  const idWidth = Math.min(24, Math.max(...shown.map(({ id }) => id.length), 'synthesis'.length))
  const lines = shown.map((task) => taskLine(task, idWidth, size.columns, now))
  const hidden = total - shown.length
  return [
    styled('bold', cut(withoutControls(head), size.columns)),
    ...lines,
    ...(hidden > 0 ? [styled('dim', `  … ${hidden} more: ${summaryOf(counts)}`)] : []),
    synthesisLine(progress, idWidth, now),
  ].join('\n')
}

function rowsOf(tasks: TaskProgress[], room: number): TaskProgress[] {
  if (tasks.length <= room) return tasks
  const first = tasks.toSorted((a, b) => urgencyOf(a.status) - urgencyOf(b.status)).slice(0, room)
  // In plan order, so that lines move as little as possible.
  const chosen = new Set(first)
  return tasks.filter((task) => chosen.has(task))
}

function urgencyOf(status: TaskStatus): number {
  switch (status) {
    case 'running':
      return 0
    case 'failed':
    case 'incomplete':
      return 1
    case 'queued':
      return 2
    case 'cancelled':
    case 'skipped':
    case 'succeeded':
      return 3
  }
}

function taskLine(task: TaskProgress, idWidth: number, columns: number, now: number): string {
  const time = timeOf(task, now).padStart(10)
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}` : ''
  const about = [task.description, attempt, task.error].filter(Boolean).join(' · ')
  const id = cut(task.id, idWidth).padEnd(idWidth)
  const rest = cut(withoutControls(about), Math.max(10, columns - idWidth - 18))
  return `  ${markOf(task.status, now)} ${id}${styled('dim', time)}  ${rest}`
}

function synthesisLine({ synthesis, status }: Progress, idWidth: number, now: number): string {
  const id = 'synthesis'.padEnd(idWidth)
  switch (synthesis) {
    case 'disabled':
      return styled('dim', `  – ${id}`)
    case 'succeeded':
      return `  ${markOf('succeeded', now)} ${id}`
    case 'failed':
      return `  ${markOf('failed', now)} ${id}`
    case 'running':
      return `  ${markOf('running', now)} ${id}`
    case 'pending':
      return `  ${markOf(status === 'synthesizing' ? 'running' : 'queued', now)} ${id}`
  }
}

function timeOf({ status, startedAt, durationMs }: TaskProgress, now: number): string {
  if (isEnded(status)) return durationMs === undefined ? '' : duration(durationMs)
  return status === 'running' && startedAt !== undefined ? duration(now - startedAt) : ''
}

function markOf(status: TaskStatus, now: number): string {
  switch (status) {
    case 'queued':
      return styled('dim', '·')
    case 'running':
      return styled('cyan', SPINNER[Math.floor(now / SPINNER_MS) % SPINNER.length] ?? '·')
    case 'succeeded':
      return styled('green', '✓')
    case 'incomplete':
      return styled('yellow', '◐')
    case 'failed':
      return styled('red', '✗')
    case 'cancelled':
    case 'skipped':
      return styled('dim', '–')
  }
}

/** `3 running, 950 queued`, without zeros. */
export function summaryOf(counts: Record<TaskStatus, number>): string {
  return (Object.entries(counts) as [TaskStatus, number][])
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ')
}
