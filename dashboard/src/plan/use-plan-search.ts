import { getRouteApi } from '@tanstack/react-router'
import type { PlanSearch } from './plan-search.ts'

const route = getRouteApi('/plans/$planId')

/** What the address says of the plan's page, and how to change it; what one typed is no step back. */
export function usePlanSearch(): [PlanSearch, (change: PlanSearch) => void] {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = (next: PlanSearch) =>
    void navigate({
      search: (before) => ({ ...before, ...next }),
      replace: true,
      resetScroll: false,
    })
  return [search, change]
}
