/** Draws tasks as bars on one time axis, to show which ran in parallel. */
import { styleText } from 'node:util'
import type { TaskStatus } from '../../src/client/index.ts'

export interface TimelineRow {
  name: string
  status: TaskStatus
  /** From the submission of the plan; undefined before it has started. */
  startMs: number | undefined
  /** Undefined while it is running. */
  endMs: number | undefined
  /** Shown after the bar. */
  note?: string | undefined
}

const MARKS: Record<
  TaskStatus,
  [mark: string, style: 'dim' | 'cyan' | 'green' | 'yellow' | 'red']
> = {
  queued: ['·', 'dim'],
  running: ['▶', 'cyan'],
  succeeded: ['✓', 'green'],
  incomplete: ['◐', 'yellow'],
  failed: ['✗', 'red'],
  cancelled: ['–', 'dim'],
  skipped: ['–', 'dim'],
}
/** Eighths of a character, so that bars grow smoothly. */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const BAR_LIMIT = 60

/**
 * One line per row.
 *
 * @param elapsedMs Time since submission, where the bars of running tasks end.
 * @param columns Characters per line.
 * @param axisMs Length of the axis.
 */
export function timeline(
  rows: readonly TimelineRow[],
  elapsedMs: number,
  columns: number,
  axisMs: number = elapsedMs,
): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const noteWidth = Math.max(...rows.map(({ note = '' }) => note.length))
  // Mark, name, time and note, with their spaces.
  const barWidth = Math.min(BAR_LIMIT, Math.max(10, columns - nameWidth - noteWidth - 18))
  return rows
    .map((row) => {
      const [mark, style] = MARKS[row.status]
      const endMs = row.endMs ?? elapsedMs
      const bar = barOf(row.startMs, endMs, Math.max(axisMs, 1), barWidth)
      const time = row.startMs === undefined ? '' : seconds(endMs - row.startMs)
      const words = [
        paint(style, mark),
        row.name.padEnd(nameWidth),
        `${paint(style, bar.trimEnd())}${' '.repeat(bar.length - bar.trimEnd().length)}`,
        time.padStart(7),
        paint('dim', row.note ?? ''),
      ]
      return `  ${words.join('  ')}`.trimEnd()
    })
    .join('\n')
}

function barOf(startMs: number | undefined, endMs: number, axisMs: number, width: number): string {
  if (startMs === undefined) return ' '.repeat(width)
  const from = Math.min(width - 1, Math.floor((startMs / axisMs) * width))
  const to = Math.min(width, (endMs / axisMs) * width)
  const eighths = Math.max(1, Math.round((to - from) * 8))
  const bar = `${'█'.repeat(Math.floor(eighths / 8))}${PARTS[eighths % 8]}`
  return `${' '.repeat(from)}${bar}`.slice(0, width).padEnd(width)
}

export function seconds(ms: number): string {
  return ms < 9_950 ? `${(Math.max(0, ms) / 1_000).toFixed(2)} s` : `${(ms / 1_000).toFixed(1)} s`
}

/** Uses colours if standard output supports them. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true })
}
