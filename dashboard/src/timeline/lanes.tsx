import { useQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useRef } from 'react'
import { waitingQuery } from '../api/queries.ts'
import type { Synthesis } from '../api/types.ts'
import type { AttemptSpan, PlanModel } from '../live/plan-model.ts'
import type { RowSize } from '../plan/plan-search.ts'
import { Checkbox } from '../ui/checkbox.tsx'
import { useListCursor } from '../ui/hooks/use-list-cursor.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Axis, GridLines } from './axis.tsx'
import { type Row, runsFromTo } from './rows.ts'
import type { Selection } from './selection.ts'
import { SynthesisLane } from './synthesis-lane.tsx'
import { TaskRow, WaveRow } from './task-row.tsx'
import type { TimeMap } from './time-map.ts'
import { type TimeSpan, ticks } from './time-scale.ts'

const ROW_HEIGHT = { full: 30, compact: 14 }

interface LanesProps {
  planId: string
  model: PlanModel
  rows: Row[]
  domain: TimeSpan
  span: TimeSpan
  times: TimeMap
  /** The part of the axis along which time runs, and its width in pixels. */
  track: RefObject<HTMLDivElement | null>
  width: number
  now: number
  live: boolean
  syntheses: readonly Synthesis[]
  selected: string | undefined
  selection: Selection
  onAttempts: (taskId: string, attempts: readonly AttemptSpan[]) => void
  onSelect: (taskId: string) => void
  onZoom: (factor: number, centre: number) => void
  onPan: (share: number) => void
  size: RowSize
  /** Receives a function that returns the middle of the visible rows' work, on the axis. */
  inSight: RefObject<(() => number | undefined) | undefined>
}

export function Lanes(props: LanesProps) {
  const { planId, model, rows, domain, span, times, track, width, now, live, selection } = props
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => ROW_HEIGHT[rows[index]?.kind === 'wave' ? 'full' : props.size],
    overscan: 8,
    getItemKey: (index) => rowKey(rows[index]),
    scrollPaddingStart: 40,
    scrollPaddingEnd: 44,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: measure again when the row size changes
  useEffect(() => virtualizer.measure(), [virtualizer, props.size])
  props.inSight.current = () => {
    const drawn = virtualizer.getVirtualItems().flatMap(({ index }) => rows[index] ?? [])
    const ran = runsFromTo(drawn, now)
    return ran && (times.onAxis(ran.from) + times.onAxis(ran.to)) / 2
  }
  const cursor = useListCursor(scroller, rows.length, (index) => virtualizer.scrollToIndex(index))
  const queued = live && rows.some((row) => row.kind === 'task' && row.task.status === 'queued')
  const waiting = useQuery({ ...waitingQuery(planId), enabled: queued })
  const labels = ticks(span, domain.from, width)

  useShortcuts([
    ['j', () => cursor.move(1)],
    ['k', () => cursor.move(-1)],
    ['ArrowDown', () => cursor.move(1)],
    ['ArrowUp', () => cursor.move(-1)],
  ])
  useWheel(scroller, track, span, props.onZoom, props.onPan)

  return (
    // Reachable by keyboard through its rows.
    <div ref={scroller} className="max-h-[max(20rem,calc(100dvh-31rem))] overflow-y-auto">
      <Axis
        labels={labels}
        span={span}
        times={times}
        trackRef={track}
        width={width}
        now={live ? now : undefined}
      />
      <ul
        aria-label="Tasks over time"
        className="relative"
        style={{ height: virtualizer.getTotalSize() }}
      >
        <GridLines labels={labels} span={span} times={times} now={live ? now : undefined} />
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          return (
            <li
              key={item.key}
              className="absolute inset-x-0 top-0"
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
            >
              {row.kind === 'wave' ? (
                <WaveRow row={row} index={item.index} />
              ) : (
                <>
                  {selection.choosing && (
                    <Checkbox
                      label={`Select ${row.task.description}`}
                      checked={selection.ids.has(row.task.id)}
                      onChange={() => selection.toggle([row.task.id])}
                      className="absolute inset-y-0 left-1.5 z-10 my-auto"
                    />
                  )}
                  <TaskRow
                    planId={planId}
                    task={row.task}
                    span={span}
                    times={times}
                    width={width}
                    now={now}
                    waitsFor={waiting.data?.get(row.task.id)}
                    index={item.index}
                    compact={props.size === 'compact'}
                    selected={row.task.id === props.selected}
                    onFocus={() => cursor.note(item.index)}
                    onSelect={props.onSelect}
                    choosing={selection.choosing}
                    onAttempts={props.onAttempts}
                  />
                </>
              )}
            </li>
          )
        })}
      </ul>
      <SynthesisLane
        model={model}
        syntheses={props.syntheses}
        span={span}
        times={times}
        now={now}
      />
    </div>
  )
}

function rowKey(row: Row | undefined): string {
  if (row === undefined) return ''
  return row.kind === 'wave' ? `wave:${row.wave}` : `task:${row.task.id}`
}

/** Ctrl and the wheel (or a pinch) zoom around the pointer; scrolling sideways moves in time. */
function useWheel(
  scroller: RefObject<HTMLDivElement | null>,
  track: RefObject<HTMLDivElement | null>,
  span: TimeSpan,
  onZoom: (factor: number, centre: number) => void,
  onPan: (share: number) => void,
): void {
  const current = useRef({ span, onZoom, onPan })
  current.current = { span, onZoom, onPan }
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    function onWheel(event: WheelEvent) {
      const box = track.current?.getBoundingClientRect()
      if (box === undefined || box.width === 0) return
      const { span, onZoom, onPan } = current.current
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
        onZoom(Math.exp(event.deltaY * 0.004), span.from + share * (span.to - span.from))
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
        event.preventDefault()
        onPan((event.deltaX || event.deltaY) / box.width)
      }
    }
    // React's own wheel listeners are passive and could not prevent the page from zooming.
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [scroller, track])
}
