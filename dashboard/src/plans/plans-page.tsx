import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMemo, useRef } from 'react'
import { isPlanStatus, PLAN_STATUSES } from '../../../src/client/status.ts'
import { plansQuery } from '../api/queries.ts'
import { formatCount, formatUsd } from '../format/number.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { INPUT } from '../ui/field.tsx'
import { FilterChips } from '../ui/filter-chips.tsx'
import { useDocumentTitle } from '../ui/hooks/use-document-title.ts'
import { useSettled } from '../ui/hooks/use-settled.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Empty, Failed } from '../ui/page-states.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { APPEARANCE } from '../ui/status.tsx'
import { EnsembleArt } from './ensemble-art.tsx'
import { PlanList, PlanListSkeleton } from './plan-list.tsx'
import { COSTS, isFiltered, PERIODS, type Period, type PlansSearch } from './plans-search.ts'

const route = getRouteApi('/')

export function PlansPage() {
  useDocumentTitle('Plans')
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const searchInput = useRef<HTMLInputElement>(null)
  // Search only when typing pauses.
  const settled = useSettled(search, 200)
  const query = useInfiniteQuery(plansQuery(settled))
  const shown = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const change = (next: PlansSearch) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true })

  useShortcuts([['/', () => searchInput.current?.focus()]])

  return (
    <div className="mx-auto flex w-full max-w-[94rem] flex-1 flex-col px-4 sm:px-6">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3 pt-7 pb-3">
        <h1 className="text-2xl font-semibold tracking-tight">Plans</h1>
        <SearchField
          label="Search plans"
          inputRef={searchInput}
          value={search.q ?? ''}
          onChange={(q) => change({ q: q || undefined })}
          className="order-last w-full sm:order-none sm:ml-auto sm:w-72"
        />
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 max-sm:pb-3">
        <FilterChips
          label="Show plans by status"
          chips={[
            { value: '', label: 'All' },
            ...PLAN_STATUSES.map((status) => ({
              value: status,
              label: APPEARANCE[status].label,
              status,
            })),
          ]}
          isOn={(value) => (search.status ?? '') === value}
          onToggle={(value) =>
            change({ status: isPlanStatus(value) && value !== search.status ? value : undefined })
          }
        />
        <div className="flex items-center gap-2 sm:ml-auto">
          <Choice
            label="Submitted"
            value={search.since ?? ''}
            onChange={(since) => change({ since: (since || undefined) as Period | undefined })}
            options={[
              ['', 'Any time'],
              ...Object.entries(PERIODS).map(([name, { label }]) => [name, label] as const),
            ]}
          />
          <Choice
            label="Cost"
            value={`${search.cost ?? ''}`}
            onChange={(cost) => change({ cost: cost === '' ? undefined : Number(cost) })}
            options={[
              ['', 'Any cost'],
              ...COSTS.map((usd) => [`${usd}`, `From ${formatUsd(usd)}`] as const),
            ]}
          />
        </div>
      </div>
      <p className="sr-only" role="status">
        {query.isSuccess ? `${formatCount(shown.length)} plans shown` : ''}
      </p>
      {body()}
    </div>
  )

  function body() {
    if (query.isPending) return <PlanListSkeleton />
    if (query.isError && shown.length === 0) {
      return <Failed error={query.error} onRetry={() => void query.refetch()} />
    }
    if (shown.length > 0) {
      return (
        <PlanList
          plans={shown}
          hasMore={query.hasNextPage}
          loadMore={() => {
            if (!query.isFetchingNextPage) void query.fetchNextPage()
          }}
        />
      )
    }
    if (isFiltered(search)) {
      return (
        <Empty
          title="Nothing matches"
          action={
            query.hasNextPage ? (
              <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Look further back
              </Button>
            ) : (
              <Link to="/" className={buttonClass()}>
                Show all plans
              </Link>
            )
          }
        >
          {query.hasNextPage
            ? 'No plan among those looked at is like that; there are earlier ones.'
            : 'No plan is like that. A search looks at titles, ids and metadata.'}
        </Empty>
      )
    }
    return <NoPlansYet />
  }
}

function NoPlansYet() {
  return (
    <Empty
      title="No plans yet"
      art={<EnsembleArt />}
      action={
        <div className="flex flex-wrap justify-center gap-2">
          <Link to="/new" className={buttonClass('primary')}>
            New plan
          </Link>
          <a href="/docs" className={buttonClass()}>
            Read the API
          </a>
        </div>
      }
    >
      A plan is a set of independent tasks. They run in parallel, and a synthesis combines their
      results. Submit the first one here, or with{' '}
      <code className="font-mono text-sm">POST /v1/plans</code>.
    </Empty>
  )
}

function Choice(props: {
  label: string
  value: string
  onChange: (value: string) => void
  options: readonly (readonly [value: string, label: string])[]
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
      className={`${INPUT} h-8 w-auto pr-1 pl-2 text-[0.8125rem]`}
    >
      {props.options.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  )
}
