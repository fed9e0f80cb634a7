import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { isPlanStatus } from '../../src/client/status.ts'
import type { PlanStatus } from './api/types.ts'
import { parsePlanSearch } from './plan/plan-search.ts'
import { PlansPage } from './plans/plans-page.tsx'
import { NotFound, Shell } from './shell/shell.tsx'
import { Failed } from './ui/page-states.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failed error={error} onRetry={reset} />,
})

interface PlansSearch {
  q?: string | undefined
  status?: PlanStatus | undefined
}

const plans = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: PlansPage,
  validateSearch: (search: Record<string, unknown>): PlansSearch => ({
    ...(typeof search['q'] === 'string' && search['q'] !== '' ? { q: search['q'] } : {}),
    ...(isPlanStatus(search['status']) ? { status: search['status'] } : {}),
  }),
})

const plan = createRoute({
  getParentRoute: () => root,
  path: '/plans/$planId',
  component: lazyRouteComponent(() => import('./plan/plan-page.tsx'), 'PlanPage'),
  validateSearch: parsePlanSearch,
})

const newPlan = createRoute({
  getParentRoute: () => root,
  path: '/new',
  component: lazyRouteComponent(() => import('./new-plan/new-plan-page.tsx'), 'NewPlanPage'),
})

const workers = createRoute({
  getParentRoute: () => root,
  path: '/workers',
  component: lazyRouteComponent(() => import('./workers/workers-page.tsx'), 'WorkersPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([plans, plan, newPlan, workers]),
  basepath: '/dashboard',
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
