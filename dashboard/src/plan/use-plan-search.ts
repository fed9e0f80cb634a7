import { getRouteApi } from '@tanstack/react-router'
import type { PlanSearch } from './plan-search.ts'

const route = getRouteApi('/plans/$planId')

/** The page state in the address, and a setter; typing does not add history entries. */
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
