import type { RefObject } from 'react'
import { formatTick } from '../format/duration.ts'
import { position, type Tick, type TimeSpan } from './time-scale.ts'

/** The least room that a label needs, in pixels; one that would be cut off is left out. */
const LABEL_ROOM = 40

interface AxisProps {
  labels: Tick[]
  span: TimeSpan
  /** Of the line of now; undefined once the plan has finished. */
  now: number | undefined
  trackRef: RefObject<HTMLDivElement | null>
  /** Of the track, in pixels. */
  width: number
}

export function Axis({ labels, span, now, trackRef, width }: AxisProps) {
  const nowAt = now === undefined ? undefined : position(span, now)
  const isReadable = (share: number) =>
    (1 - share) * width >= LABEL_ROOM &&
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

export function GridLines({ labels, span, now }: Pick<AxisProps, 'labels' | 'span' | 'now'>) {
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
        {now !== undefined && (
          <span className="now-line z-10" style={{ left: `${position(span, now) * 100}%` }} />
        )}
      </span>
    </li>
  )
}
