import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { taskQuery } from '../api/queries.ts'
import type { Attempt } from '../api/types.ts'
import { formatDuration } from '../format/duration.ts'
import { formatCount, formatUsd, plural } from '../format/number.ts'
import type { AttemptSpan, LiveTask } from '../live/plan-model.ts'
import { classNames } from '../ui/class-names.ts'
import { appearance, StatusIcon } from '../ui/status.tsx'
import { durationMs, earlierAttempts, type Row, type Segment, taskSegments } from './rows.ts'
import type { TimeMap } from './time-map.ts'
import { position, type TimeSpan } from './time-scale.ts'

interface TaskRowProps {
  planId: string
  task: LiveTask
  span: TimeSpan
  times: TimeMap
  /** Width of the lane, in pixels. */
  width: number
  now: number
  /** In words, if it is queued. */
  waitsFor: string | undefined
  index: number
  selected: boolean
  onFocus: () => void
  onSelect: (taskId: string) => void
  /** Reserves space for a checkbox in front. */
  choosing: boolean
  /** Little but the bar, so that many tasks are in sight at once. */
  compact: boolean
  /** Called with attempts that the task did not have yet. */
  onAttempts: (taskId: string, attempts: readonly AttemptSpan[]) => void
}

export function TaskRow({
  planId,
  task,
  span,
  times,
  width,
  now,
  waitsFor,
  index,
  selected,
  onFocus,
  onSelect,
  choosing,
  compact,
  onAttempts,
}: TaskRowProps) {
  const attempts = useAttempts(planId, task)
  useEffect(() => {
    if (attempts !== task.attempts) onAttempts(task.id, attempts)
  }, [attempts, task, onAttempts])
  const segments = taskSegments(task, attempts, now)
  const duration = durationMs(task, now)
  const again = roundOf(task, attempts)
  return (
    <button
      type="button"
      data-row={index}
      data-task={task.id}
      aria-current={selected || undefined}
      aria-label={describe(task, duration, again, waitsFor)}
      onFocus={onFocus}
      onClick={() => onSelect(task.id)}
      className={classNames(
        'timeline-grid h-full w-full text-left outline-offset-[-2px]',
        compact && 'timeline-compact',
        selected ? 'bg-running-soft' : 'hover:bg-hover/70',
      )}
    >
      <span
        className={classNames('flex min-w-0 items-center gap-2 pr-3', choosing ? 'pl-9' : 'pl-3')}
      >
        <StatusIcon status={task.status} className="size-3.5" />
        <span
          className="min-w-0 flex-1 truncate text-[0.8125rem]"
          title={`${task.description} (${task.id})`}
        >
          {task.description}
        </span>
        {task.costUsd > 0 && (
          <span className="tabular shrink-0 text-[0.6875rem] text-ink-3 max-md:hidden">
            <span className="sr-only">cost </span>
            {formatUsd(task.costUsd)}
          </span>
        )}
      </span>
      <span className="relative block h-full overflow-hidden">
        {segments.map((segment) => (
          <Bar
            key={`${segment.kind}:${segment.from}`}
            segment={segment}
            span={span}
            times={times}
          />
        ))}
        {task.status === 'queued' && waitsFor !== undefined && (
          <span className="absolute inset-y-0 left-1.5 flex max-w-full items-center truncate text-[0.6875rem] text-ink-3">
            waits for {waitsFor}
          </span>
        )}
        {task.startedAt !== null && task.status !== 'queued' && (
          <BarLabel
            at={position(span, times.onAxis(segments.at(-1)?.to ?? now))}
            width={width}
            text={formatDuration(duration)}
            more={again === '' ? '' : ` · ${again}`}
          />
        )}
      </span>
    </button>
  )
}

function Bar({ segment, span, times }: { segment: Segment; span: TimeSpan; times: TimeMap }) {
  const from = position(span, times.onAxis(segment.from))
  const to = position(span, times.onAxis(segment.to))
  if (to < 0 || from > 1) return null
  // Browsers round coordinates far beyond the edges, so invisible parts are cut off.
  const left = Math.max(from, -0.02)
  const right = Math.min(to, 1.02)
  return (
    <span
      className={`lane-segment lane-${segment.kind}`}
      data-outcome={segment.outcome}
      data-round={segment.earlier ? 'earlier' : undefined}
      style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
    />
  )
}

/** The width of a letter in a label, in pixels: close enough to tell whether it fits. */
const LETTER = 6

/**
 * Placed after its bar, as much of it as there is space for; at the right edge if there is none.
 */
function BarLabel(props: { at: number; text: string; more: string; width: number }) {
  const { at, width } = props
  if (at < 0 || at > 1.02) return null
  const room = (1 - at) * width - 8
  const whole = props.text + props.more
  const text = whole.length * LETTER <= room ? whole : props.text
  const beyond = text.length * LETTER > room
  return (
    <span
      className={classNames(
        'tabular pointer-events-none absolute top-1/2 -translate-y-1/2 text-[0.6875rem] leading-none whitespace-nowrap',
        beyond ? 'right-1 rounded bg-surface/85 px-1 py-0.5 text-ink-2' : 'pl-1.5 text-ink-3',
      )}
      style={beyond ? undefined : { left: `${at * 100}%` }}
    >
      {text}
    </span>
  )
}

export function WaveRow({ row, index }: { row: Extract<Row, { kind: 'wave' }>; index: number }) {
  return (
    <div
      data-row={index}
      tabIndex={-1}
      className="relative flex h-full items-end gap-2 border-b border-line bg-surface px-3 pb-1 text-xs text-ink-3 outline-offset-[-2px]"
    >
      <span className="font-medium text-ink-2">Wave {row.wave}</span>
      <span className="tabular">
        {row.ended === row.tasks
          ? plural(row.tasks, 'task')
          : `${formatCount(row.ended)} of ${plural(row.tasks, 'task')} ended`}
      </span>
    </div>
  )
}

/** `attempt 2`, `retried`, `retried, attempt 2`: the history that an end alone does not show. */
function roundOf(task: LiveTask, attempts: readonly AttemptSpan[]): string {
  const before = earlierAttempts(task, attempts)
  const attempt = task.attempt - before
  const parts = [...(before > 0 ? ['retried'] : []), ...(attempt > 1 ? [`attempt ${attempt}`] : [])]
  return parts.join(', ')
}

function describe(
  task: LiveTask,
  duration: number,
  again: string,
  waitsFor: string | undefined,
): string {
  const parts = [task.description, appearance(task.status).label.toLowerCase()]
  if (task.status === 'queued' && waitsFor !== undefined) parts.push(`waits for ${waitsFor}`)
  if (task.startedAt !== null) parts.push(formatDuration(duration))
  if (again !== '') parts.push(again)
  if (task.costUsd > 0) parts.push(formatUsd(task.costUsd))
  return parts.join(', ')
}

/** Attempts that ended before the page was opened are only in the task's own resource. */
function useAttempts(planId: string, task: LiveTask): readonly AttemptSpan[] {
  const incomplete = task.startedAt !== null && task.attempts.length < task.attempt
  const detail = useQuery({
    ...taskQuery(planId, task.id, `${task.status}:${task.attempt}`),
    enabled: incomplete,
  })
  return useMemo(
    () =>
      !incomplete || detail.data === undefined
        ? task.attempts
        : detail.data.attempts.map(attemptSpan),
    [incomplete, detail.data, task.attempts],
  )
}

export function attemptSpan(attempt: Attempt, index: number, all: readonly Attempt[]): AttemptSpan {
  return {
    number: attempt.number,
    startedAt: Date.parse(attempt.startedAt),
    finishedAt: attempt.finishedAt === null ? null : Date.parse(attempt.finishedAt),
    outcome: outcomeOf(attempt, index === all.length - 1),
  }
}

function outcomeOf(attempt: Attempt, last: boolean): AttemptSpan['outcome'] {
  switch (attempt.outcome) {
    case 'lost':
    case 'interrupted':
      return 'requeued'
    case 'failed':
    case 'timed-out':
      return last ? 'failed' : 'retrying'
    default:
      return attempt.outcome
  }
}
