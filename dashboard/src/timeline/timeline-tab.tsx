import { useEffect, useMemo, useRef, useState } from 'react'
import { serverNow } from '../api/server-clock.ts'
import { TASK_STATUSES } from '../api/statuses.ts'
import type { Counts, Synthesis, TaskStatus } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import type { PlanModel } from '../live/plan-model.ts'
import { FilterChips } from '../ui/filter-chips.tsx'
import { useElementWidth } from '../ui/hooks/use-element-width.ts'
import { useNow } from '../ui/hooks/use-now.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Empty } from '../ui/page-states.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { APPEARANCE } from '../ui/status.tsx'
import { Lanes } from './lanes.tsx'
import { Overview } from './overview.tsx'
import { type Order, timeDomain, timelineRows } from './rows.ts'
import { FIT, panView, settle, type View, viewSpan, zoomView } from './view.ts'
import { OrderSelect, ZoomControls } from './zoom-controls.tsx'

/** Of a duration behind its bar, in pixels. */
const LABEL_WIDTH = 46

interface TimelineTabProps {
  planId: string
  model: PlanModel
  counts: Counts
  live: boolean
  syntheses: readonly Synthesis[]
  selected: string | undefined
  onSelect: (taskId: string) => void
}

export function TimelineTab({
  planId,
  model,
  counts,
  live,
  syntheses,
  selected,
  onSelect,
}: TimelineTabProps) {
  const [text, setText] = useState('')
  const [statuses, setStatuses] = useState<ReadonlySet<TaskStatus>>(new Set())
  const [order, setOrder] = useState<Order>('plan')
  const [view, setView] = useState<View>(FIT)
  const searchInput = useRef<HTMLInputElement>(null)
  // Ten times a second looks like movement; a finished plan does not move.
  const now = useNow(100, live)
  const rows = useMemo(
    () => timelineRows(model, { text, statuses, order }, serverNow()),
    [model, text, statuses, order],
  )
  const track = useRef<HTMLDivElement>(null)
  const width = useElementWidth(track)
  const domain = timeDomain(model, now, live, width === 0 ? undefined : LABEL_WIDTH / width)
  const span = viewSpan(view, domain)

  useShortcuts([
    ['/', () => searchInput.current?.focus()],
    ['+', () => setView(zoomView(view, domain, live, 0.5))],
    ['=', () => setView(zoomView(view, domain, live, 0.5))],
    ['-', () => setView(zoomView(view, domain, live, 2))],
    ['0', () => setView(FIT)],
    ['ArrowLeft', () => setView(panView(view, domain, live, -0.25))],
    ['ArrowRight', () => setView(panView(view, domain, live, 0.25))],
  ])
  // A status that no task has any more must not hide all the others.
  useEffect(() => {
    setStatuses((before) => {
      const left = [...before].filter((status) => counts[status] > 0)
      return left.length === before.size ? before : new Set(left)
    })
  }, [counts])

  function toggle(status: string) {
    setStatuses((before) => {
      const next = new Set(before)
      const known = TASK_STATUSES.find((name) => name === status)
      if (known === undefined) return new Set()
      if (!next.delete(known)) next.add(known)
      return next
    })
  }

  return (
    <div className="pt-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 pb-3">
        <SearchField
          label="Search tasks"
          inputRef={searchInput}
          value={text}
          onChange={setText}
          className="w-full sm:w-56"
        />
        <div className="min-w-0 max-sm:w-full">
          <FilterChips
            label="Show tasks by status"
            chips={[
              { value: '', label: 'All', count: counts.total },
              ...TASK_STATUSES.filter((status) => counts[status] > 0).map((status) => ({
                value: status,
                label: APPEARANCE[status].label,
                status,
                count: counts[status],
              })),
            ]}
            isOn={(value) =>
              value === '' ? statuses.size === 0 : statuses.has(value as TaskStatus)
            }
            onToggle={toggle}
          />
        </div>
        <div className="ml-auto flex items-center gap-2">
          <OrderSelect value={order} onChange={setOrder} />
          <ZoomControls
            view={view}
            onZoom={(factor) => setView(zoomView(view, domain, live, factor))}
            onFit={() => setView(FIT)}
          />
        </div>
      </div>
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        <Overview
          tasks={model.tasks}
          domain={domain}
          span={span}
          now={now}
          running={counts.running}
          zoomed={view.kind !== 'fit'}
          onChange={(next) => setView(settle(next, domain, live))}
        />
        <Lanes
          planId={planId}
          model={model}
          rows={rows}
          domain={domain}
          span={span}
          track={track}
          width={width}
          now={now}
          live={live}
          syntheses={syntheses}
          selected={selected}
          onSelect={onSelect}
          onZoom={(factor, centre) => setView(zoomView(view, domain, live, factor, centre))}
          onPan={(share) => setView(panView(view, domain, live, share))}
        />
        {rows.length === 0 && counts.total > 0 && (
          <Empty title="No task matches">
            {formatCount(counts.total)} tasks are hidden by the search and the filters.
          </Empty>
        )}
      </div>
    </div>
  )
}
