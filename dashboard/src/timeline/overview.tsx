import { type PointerEvent, useRef, useState } from 'react'
import { formatCount } from '../format/number.ts'
import type { LiveTask } from '../live/plan-model.ts'
import { concurrencyProfile } from './rows.ts'
import type { TimeMap } from './time-map.ts'
import { position, type TimeSpan } from './time-scale.ts'

const BUCKETS = 240
const HEIGHT = 44

interface OverviewProps {
  tasks: ReadonlyMap<string, LiveTask>
  domain: TimeSpan
  span: TimeSpan
  now: number
  times: TimeMap
  running: number
  zoomed: boolean
  onChange: (span: TimeSpan) => void
}

/**
 * How many tasks ran at the same time, over the whole plan. Dragging across it selects what the
 * lanes show.
 */
export function Overview(props: OverviewProps) {
  const { tasks, domain, span, now, times, running, zoomed, onChange } = props
  const chart = useRef<HTMLDivElement>(null)
  const [drag, setDrag] = useState<{ from: number; to: number }>()
  const profile = concurrencyProfile(tasks.values(), domain, BUCKETS, now, times)
  const peak = Math.max(1, ...profile)

  function timeAt(event: PointerEvent): number {
    const box = chart.current?.getBoundingClientRect()
    if (box === undefined || box.width === 0) return domain.from
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
    return domain.from + share * (domain.to - domain.from)
  }

  function finish(event: PointerEvent) {
    if (drag === undefined) return
    const to = timeAt(event)
    setDrag(undefined)
    const chosen = { from: Math.min(drag.from, to), to: Math.max(drag.from, to) }
    // A click without a drag does not select anything.
    if (chosen.to - chosen.from > (domain.to - domain.from) * 0.005) onChange(chosen)
  }

  const shown =
    drag === undefined
      ? span
      : { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) }
  return (
    <div className="timeline-grid border-b border-line">
      <div className="flex flex-col justify-center px-3 py-2 text-xs text-ink-3">
        <span className="truncate">Running at once</span>
        <span className="tabular truncate">
          {running > 0 && (
            <>
              <span className="font-medium text-ink-2">{formatCount(running)}</span>
              {' now, '}
            </>
          )}
          {formatCount(peak)} at most
        </span>
      </div>
      <div
        ref={chart}
        className="relative cursor-crosshair touch-pan-y overflow-hidden select-none"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          const at = timeAt(event)
          setDrag({ from: at, to: at })
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: timeAt(event) })}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(undefined)}
      >
        <svg
          viewBox={`0 0 ${BUCKETS} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="block h-14 w-full"
          role="img"
          aria-label={`Tasks running at once over time; at most ${formatCount(peak)}`}
        >
          <path d={areaPath(profile, peak)} className="fill-running/25" />
          <path
            d={linePath(profile, peak)}
            className="fill-none stroke-running"
            strokeWidth="1.5"
            vectorEffect="non-scaling-stroke"
          />
        </svg>
        {(zoomed || drag !== undefined) && (
          <>
            <Shade from={0} to={position(domain, shown.from)} />
            <Shade from={position(domain, shown.to)} to={1} />
          </>
        )}
      </div>
    </div>
  )
}

function Shade({ from, to }: { from: number; to: number }) {
  return (
    <div
      className="absolute inset-y-0 bg-sunken/75"
      style={{ left: `${from * 100}%`, width: `${Math.max(0, to - from) * 100}%` }}
    />
  )
}

function linePath(profile: number[], peak: number): string {
  const y = (value: number) => (HEIGHT - 2 - (value / peak) * (HEIGHT - 8)).toFixed(1)
  return profile
    .map((value, index) => `${index === 0 ? 'M0,' : 'V'}${y(value)}H${index + 1}`)
    .join('')
}

function areaPath(profile: number[], peak: number): string {
  return `${linePath(profile, peak)}V${HEIGHT}H0Z`
}
