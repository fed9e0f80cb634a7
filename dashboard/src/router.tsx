import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { parsePlanSearch } from './plan/plan-search.ts'
import { PlansPage } from './plans/plans-page.tsx'
import { parsePlansSearch } from './plans/plans-search.ts'
import { NotFound, Shell } from './shell/shell.tsx'
import { Failed } from './ui/page-states.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failed error={error} onRetry={reset} />,
})

const plans = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: PlansPage,
  validateSearch: parsePlansSearch,
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
