import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMemo, useRef } from 'react'
import { isPlanStatus, PLAN_STATUSES } from '../../../src/client/status.ts'
import { plansQuery } from '../api/queries.ts'
import type { Plan } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { FilterChips } from '../ui/filter-chips.tsx'
import { useDocumentTitle } from '../ui/hooks/use-document-title.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Empty, Failed } from '../ui/page-states.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { APPEARANCE } from '../ui/status.tsx'
import { EnsembleArt } from './ensemble-art.tsx'
import { PlanList, PlanListSkeleton } from './plan-list.tsx'

const route = getRouteApi('/')

export function PlansPage() {
  useDocumentTitle('Plans')
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const searchInput = useRef<HTMLInputElement>(null)
  const query = useInfiniteQuery(plansQuery(search.status))
  const all = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const text = search.q ?? ''
  const shown = useMemo(() => all.filter((plan) => matches(plan, text)), [all, text])

  useShortcuts([['/', () => searchInput.current?.focus()]])

  return (
    <div className="mx-auto flex w-full max-w-[94rem] flex-1 flex-col px-4 sm:px-6">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3 pt-7 pb-3">
        <h1 className="text-2xl font-semibold tracking-tight">Plans</h1>
        <SearchField
          label="Search plans"
          inputRef={searchInput}
          value={text}
          onChange={(q) =>
            void navigate({ search: (before) => ({ ...before, q: q || undefined }), replace: true })
          }
          className="order-last w-full sm:order-none sm:ml-auto sm:w-72"
        />
      </div>
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
          void navigate({
            search: (before) => ({
              ...before,
              status: isPlanStatus(value) && value !== search.status ? value : undefined,
            }),
            replace: true,
          })
        }
      />
      <p className="sr-only" role="status">
        {query.isSuccess ? `${formatCount(shown.length)} plans shown` : ''}
      </p>
      {body()}
    </div>
  )

  function body() {
    if (query.isPending) return <PlanListSkeleton />
    if (query.isError && all.length === 0) {
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
    if (all.length > 0 || search.status !== undefined) {
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
          {text === ''
            ? 'No plan has this status.'
            : `No plan among the ${formatCount(all.length)} newest has “${text}” in its title or id.`}
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

function matches(plan: Plan, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return (
    wanted === '' ||
    plan.title.toLowerCase().includes(wanted) ||
    plan.id.toLowerCase().includes(wanted)
  )
}
