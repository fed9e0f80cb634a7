import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { Plan } from '../api/types.ts'
import { useListCursor } from '../ui/hooks/use-list-cursor.ts'
import { useMediaQuery } from '../ui/hooks/use-media-query.ts'
import { useNow } from '../ui/hooks/use-now.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Skeleton } from '../ui/page-states.tsx'
import { PLAN_GRID, PlanRow } from './plan-row.tsx'

interface PlanListProps {
  plans: Plan[]
  hasMore: boolean
  loadMore: () => void
}

export function PlanList(props: PlanListProps) {
  const wide = useMediaQuery('(min-width: 56rem)')
  // Rows of a different height need a new list.
  return <Rows key={wide ? 'wide' : 'narrow'} wide={wide} {...props} />
}

function Rows({ plans, hasMore, loadMore, wide }: PlanListProps & { wide: boolean }) {
  const list = useRef<HTMLUListElement>(null)
  const now = useNow(1_000)
  const virtualizer = useWindowVirtualizer({
    count: plans.length,
    estimateSize: () => (wide ? 61 : 96),
    overscan: 8,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => plans[index]?.id ?? index,
  })
  const rows = virtualizer.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  const cursor = useListCursor(list, plans.length, (index) => virtualizer.scrollToIndex(index))

  useEffect(() => {
    if (hasMore && last >= plans.length - 5) loadMore()
  }, [hasMore, last, plans.length, loadMore])
  useShortcuts([
    ['j', () => cursor.move(1)],
    ['k', () => cursor.move(-1)],
    ['ArrowDown', () => cursor.move(1)],
    ['ArrowUp', () => cursor.move(-1)],
  ])

  return (
    <>
      {wide && <ListHead />}
      <ul
        ref={list}
        aria-label="Plans"
        className="relative border-t border-line"
        style={{ height: virtualizer.getTotalSize() }}
      >
        {rows.map((row) => {
          const plan = plans[row.index]
          if (plan === undefined) return null
          return (
            <li
              key={row.key}
              className="absolute inset-x-0 top-0 border-b border-line"
              style={{
                height: row.size,
                transform: `translateY(${row.start - virtualizer.options.scrollMargin}px)`,
              }}
            >
              <PlanRow
                plan={plan}
                now={now}
                wide={wide}
                index={row.index}
                onFocus={() => cursor.note(row.index)}
              />
            </li>
          )
        })}
      </ul>
      {hasMore && (
        <p className="py-4 text-center text-ink-3" aria-live="polite">
          Loading earlier plans
        </p>
      )}
    </>
  )
}

function ListHead() {
  return (
    <div aria-hidden className={`${PLAN_GRID} eyebrow pt-4 pb-2`}>
      <span>Plan</span>
      <span>Tasks</span>
      <span className="text-right">Duration</span>
      <span className="text-right">Est. speedup</span>
      <span className="text-right">Cost</span>
      <span className="text-right">Submitted</span>
    </div>
  )
}

export function PlanListSkeleton() {
  return (
    <div role="status" aria-label="Loading plans" className="mt-10 border-t border-line">
      {[62, 44, 71, 38, 55, 48].map((width) => (
        <div key={width} className="flex h-[61px] items-center gap-4 border-b border-line px-1">
          <Skeleton className="size-4 rounded-full" />
          <div style={{ width: `${width / 2}%` }}>
            <Skeleton className="h-3.5" />
          </div>
          <Skeleton className="ml-auto h-1.5 w-40" />
          <Skeleton className="hidden h-3.5 w-14 sm:block" />
        </div>
      ))}
    </div>
  )
}
