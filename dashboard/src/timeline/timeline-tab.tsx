import { ListChecks, Rows4 } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { TASK_STATUSES } from '../../../src/client/status.ts'
import { serverNow } from '../api/server-clock.ts'
import type { Counts, Synthesis } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import type { AttemptSpan, PlanModel } from '../live/plan-model.ts'
import { statusesOf } from '../plan/plan-search.ts'
import { usePlanSearch } from '../plan/use-plan-search.ts'
import { IconButton } from '../ui/button.tsx'
import { FilterChips } from '../ui/filter-chips.tsx'
import { useElementWidth } from '../ui/hooks/use-element-width.ts'
import { useNow } from '../ui/hooks/use-now.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Empty } from '../ui/page-states.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { APPEARANCE } from '../ui/status.tsx'
import { FailureList } from './failure-list.tsx'
import { Lanes } from './lanes.tsx'
import { Overview } from './overview.tsx'
import { planTimes, timeDomain, timelineRows } from './rows.ts'
import { useSelection } from './selection.ts'
import { SelectionBar } from './selection-bar.tsx'
import { useBulk } from './use-bulk.ts'
import { FIT, panView, settle, type View, viewSpan, zoomView } from './view.ts'
import { OrderSelect, ZoomControls } from './zoom-controls.tsx'

/** Width of a duration after its bar, in pixels. */
const LABEL_WIDTH = 46
/** As many tasks as one does not look at one by one. */
const LARGE = 500

interface TimelineTabProps {
  planId: string
  model: PlanModel
  counts: Counts
  live: boolean
  syntheses: readonly Synthesis[]
  selected: string | undefined
  onSelect: (taskId: string) => void
  /** A finished plan has new events from here on. */
  onChanged: () => void
}

export function TimelineTab(props: TimelineTabProps) {
  const { planId, counts, live, syntheses } = props
  const [search, changeSearch] = usePlanSearch()
  const isLarge = counts.total >= LARGE
  const usualOrder = live && isLarge ? 'active' : 'plan'
  const usualSize = isLarge ? 'compact' : 'full'
  const { q: text = '', order = usualOrder, rows: size = usualSize } = search
  const [view, setView] = useState<View>(FIT)
  const searchInput = useRef<HTMLInputElement>(null)
  // Ten times per second looks like movement; a finished plan does not move.
  const now = useNow(100, live)
  const [model, noteAttempts] = useKnownAttempts(props.model)
  const selection = useSelection(model.tasks)
  const bulk = useBulk(planId, props.onChanged)
  // A status that no task has any more must not hide all the others.
  const statuses = useMemo(
    () => new Set(statusesOf(search.status).filter((status) => counts[status] > 0)),
    [search.status, counts],
  )
  const rows = useMemo(
    () => timelineRows(model, { text, statuses, order }, serverNow()),
    [model, text, statuses, order],
  )
  const listed = useMemo(
    () => rows.flatMap((row) => (row.kind === 'task' ? row.task.id : [])),
    [rows],
  )
  const track = useRef<HTMLDivElement>(null)
  const width = useElementWidth(track)
  // Passing time makes no gap, so this need not be done ten times a second.
  const times = useMemo(() => {
    const synthesesAt = syntheses.map(({ createdAt }) => Date.parse(createdAt))
    return planTimes(model, synthesesAt, serverNow())
  }, [model, syntheses])
  const domain = timeDomain(model, now, live, width === 0 ? undefined : LABEL_WIDTH / width, times)
  const span = viewSpan(view, domain)

  const inSight = useRef<(() => number | undefined) | undefined>(undefined)
  /** Zooms around the work of the visible rows, which would otherwise move out of view. */
  function zoomBy(factor: number) {
    const middle = view.kind === 'follow' ? undefined : inSight.current?.()
    const isShown = middle !== undefined && middle >= span.from && middle <= span.to
    setView(zoomView(view, domain, live, factor, isShown ? middle : undefined))
  }

  useShortcuts([
    ['/', () => searchInput.current?.focus()],
    ['+', () => zoomBy(0.5)],
    ['=', () => zoomBy(0.5)],
    ['-', () => zoomBy(2)],
    ['0', () => setView(FIT)],
    ['ArrowLeft', () => setView(panView(view, domain, live, -0.25))],
    ['ArrowRight', () => setView(panView(view, domain, live, 0.25))],
  ])

  function toggle(status: string) {
    const next = TASK_STATUSES.filter((name) => statuses.has(name) !== (name === status))
    changeSearch({ status: status === '' || next.length === 0 ? undefined : next.join(',') })
  }

  return (
    <div className="pt-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 pb-3">
        <SearchField
          label="Search tasks"
          inputRef={searchInput}
          value={text}
          onChange={(q) => changeSearch({ q: q || undefined })}
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
              value === '' ? statuses.size === 0 : [...statuses].some((status) => status === value)
            }
            onToggle={toggle}
          />
        </div>
        <div className="ml-auto flex items-center gap-2">
          <IconButton
            label="Select tasks"
            pressed={selection.choosing}
            onClick={() => selection.choose(!selection.choosing)}
          >
            <ListChecks className="size-4" aria-hidden />
          </IconButton>
          <IconButton
            label="Compact rows"
            pressed={size === 'compact'}
            onClick={() => {
              const next = size === 'compact' ? 'full' : 'compact'
              changeSearch({ rows: next === usualSize ? undefined : next })
            }}
          >
            <Rows4 className="size-4" aria-hidden />
          </IconButton>
          <OrderSelect
            value={order}
            onChange={(next) => changeSearch({ order: next === usualOrder ? undefined : next })}
          />
          <ZoomControls view={view} onZoom={zoomBy} onFit={() => setView(FIT)} />
        </div>
      </div>
      <FailureList
        tasks={model.tasks}
        selection={selection}
        busy={bulk.busy}
        onRetry={bulk.retry}
      />
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {selection.choosing && (
          <SelectionBar
            selection={selection}
            listed={listed}
            busy={bulk.busy}
            onRetry={bulk.retry}
            onCancel={bulk.cancel}
          />
        )}
        <Overview
          tasks={model.tasks}
          domain={domain}
          span={span}
          now={now}
          times={times}
          running={counts.running}
          zoomed={view.kind !== 'fit'}
          onChange={(next) => setView(settle(next, domain, live))}
        />
        <Lanes
          {...props}
          model={model}
          rows={rows}
          domain={domain}
          span={span}
          times={times}
          track={track}
          width={width}
          now={now}
          selection={selection}
          // Check marks need their room.
          size={selection.choosing ? 'full' : size}
          inSight={inSight}
          onAttempts={noteAttempts}
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

/**
 * Adds attempts from earlier rounds, which a snapshot does not contain and which the visible rows
 * fetch.
 */
function useKnownAttempts(
  model: PlanModel,
): [PlanModel, (taskId: string, attempts: readonly AttemptSpan[]) => void] {
  const [known, setKnown] = useState<ReadonlyMap<string, readonly AttemptSpan[]>>(new Map())
  const whole = useMemo(() => {
    if (known.size === 0) return model
    const tasks = new Map(model.tasks)
    for (const [id, attempts] of known) {
      const task = tasks.get(id)
      if (task !== undefined && task.attempts.length < task.attempt) {
        tasks.set(id, { ...task, attempts })
      }
    }
    return { ...model, tasks }
  }, [model, known])
  const note = useRef((taskId: string, attempts: readonly AttemptSpan[]) =>
    setKnown((before) =>
      before.get(taskId) === attempts ? before : new Map(before).set(taskId, attempts),
    ),
  )
  return [whole, note.current]
}
