import type { RefObject } from 'react'
import { formatDuration, formatTick } from '../format/duration.ts'
import type { TimeMap } from './time-map.ts'
import { position, type Tick, type TimeSpan } from './time-scale.ts'

/** The minimum space for a label, in pixels; labels that would be cut off are left out. */
const LABEL_ROOM = 40

interface AxisProps {
  labels: Tick[]
  span: TimeSpan
  times: TimeMap
  /** The position of the current time; undefined once the plan has finished. */
  now: number | undefined
  trackRef: RefObject<HTMLDivElement | null>
  /** Width of the track, in pixels. */
  width: number
}

export function Axis({ labels, span, times, now, trackRef, width }: AxisProps) {
  const nowAt = now === undefined ? undefined : position(span, times.onAxis(now))
  const breaks = breaksOf(times, span)
  const isReadable = (share: number) =>
    (1 - share) * width >= LABEL_ROOM &&
    !breaks.some(({ from, to }) => share > from - LABEL_ROOM / width && share < to) &&
    (nowAt === undefined || Math.abs(nowAt - share - LABEL_ROOM / 2 / width) * width >= LABEL_ROOM)
  return (
    <div
      aria-hidden
      className="timeline-grid tabular sticky top-0 z-20 h-8 border-b border-line bg-surface text-xs text-ink-3"
    >
      <span className="flex items-center px-3">Task</span>
      <div ref={trackRef} className="relative overflow-hidden">
        {labels.map((tick) => (
          <span
            key={tick.elapsedMs}
            className="absolute top-0 flex h-full items-center border-l border-line pl-1.5"
            style={{ left: `${position(span, tick.at) * 100}%` }}
          >
            {isReadable(position(span, tick.at)) && formatTick(tick.elapsedMs, tick.stepMs)}
          </span>
        ))}
        {breaks.map(({ from, to, gap }) => (
          <span
            key={gap.from}
            className="timeline-break absolute inset-y-0 flex items-center justify-center overflow-hidden"
            style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}
            title={`${formatDuration(gap.to - gap.from)} in which nothing ran`}
          >
            ⋯
          </span>
        ))}
        {nowAt !== undefined && nowAt >= 0 && nowAt <= 1 && (
          <span
            className="absolute bottom-0 -translate-x-full rounded-tl-md bg-running px-1.5 text-[0.6875rem] leading-4 font-medium text-surface"
            style={{ left: `calc(${nowAt * 100}% + 1.5px)` }}
          >
            now
          </span>
        )}
      </div>
    </div>
  )
}

/** Where the breaks are, as fractions of the span. */
function breaksOf(times: TimeMap, span: TimeSpan): { from: number; to: number; gap: TimeSpan }[] {
  return times.gaps.map((gap) => ({
    gap,
    from: position(span, times.onAxis(gap.from)),
    to: position(span, times.onAxis(gap.to)),
  }))
}

export function GridLines(props: Pick<AxisProps, 'labels' | 'span' | 'times' | 'now'>) {
  const { labels, span, times, now } = props
  return (
    <li aria-hidden className="timeline-grid pointer-events-none absolute inset-0">
      <span />
      <span className="relative overflow-hidden">
        {labels.map((tick) => (
          <span
            key={tick.elapsedMs}
            className="absolute inset-y-0 w-px bg-line/70"
            style={{ left: `${position(span, tick.at) * 100}%` }}
          />
        ))}
        {breaksOf(times, span).map(({ from, to, gap }) => (
          <span
            key={gap.from}
            className="timeline-break absolute inset-y-0"
            style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}
          />
        ))}
        {now !== undefined && (
          <span
            className="now-line z-10"
            style={{ left: `${position(span, times.onAxis(now)) * 100}%` }}
          />
        )}
      </span>
    </li>
  )
}
