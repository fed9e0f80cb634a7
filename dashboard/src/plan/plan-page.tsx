import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { type ApiError, pageError } from '../api/client.ts'
import { planQuery, synthesesQuery } from '../api/queries.ts'
import { isActive } from '../api/statuses.ts'
import { countTasks } from '../live/counts.ts'
import { usePlanStream } from '../live/use-plan-stream.ts'
import { TaskPanel } from '../task/task-panel.tsx'
import { buttonClass } from '../ui/button.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { useDocumentTitle } from '../ui/hooks/use-document-title.ts'
import { useMediaQuery } from '../ui/hooks/use-media-query.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Failed, Skeleton } from '../ui/page-states.tsx'
import { LiveStatus } from './live-status.tsx'
import { PlanHeader } from './plan-header.tsx'
import { PLAN_TABS, type PlanSearch } from './plan-search.ts'
import { PlanStats } from './plan-stats.tsx'
import { PlanTabs } from './plan-tabs.tsx'

const route = getRouteApi('/plans/$planId')

export function PlanPage() {
  const { planId } = route.useParams()
  // The key makes another plan another page, so that nothing of the previous one lingers.
  return <PlanView key={planId} planId={planId} />
}

function PlanView({ planId }: { planId: string }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const queryClient = useQueryClient()
  const beside = useMediaQuery('(min-width: 72rem)')
  const stream = usePlanStream(planId)
  const { model } = stream
  const query = useQuery(planQuery(planId))
  const plan = query.data ?? model.plan
  const counts = useMemo(() => countTasks(model.tasks.values()), [model.tasks])
  // The stream is ahead of the polled plan, except before its snapshot.
  const status = model.plan === undefined ? (plan?.status ?? 'queued') : model.status
  const live = isActive(status)
  const writing =
    status === 'synthesizing' || model.synthesisRuns.some((run) => run.finishedAt === null)
  const syntheses = useQuery(
    synthesesQuery(
      planId,
      `${model.synthesisVersion}:${status}`,
      writing || stream.state !== 'ended',
    ),
  )
  useDocumentTitle(plan?.title ?? 'Plan')
  // Refetch what events do not contain, such as the cost, once they say that it is final.
  useEffect(() => {
    if (isActive(model.status) && model.finishedAt === null) return
    const key = planQuery(planId).queryKey
    void queryClient.invalidateQueries({ queryKey: key, exact: true })
  }, [queryClient, planId, model.status, model.finishedAt])

  function show(change: PlanSearch, replace = false) {
    void navigate({
      search: (before) => ({ ...before, ...change }),
      replace,
      resetScroll: false,
    })
  }
  function closeTask() {
    const opened = search.task
    show({ task: undefined, finding: undefined })
    // Back to where the panel was opened from.
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(`[data-task="${CSS.escape(opened ?? '')}"]`)?.focus(),
    )
  }
  function changed() {
    void queryClient.invalidateQueries({ queryKey: ['plan', planId] })
    stream.restart()
  }
  useShortcuts([
    ...PLAN_TABS.map((tab, index) => [`${index + 1}`, () => show({ tab })] as const),
    ['Escape', () => search.task !== undefined && closeTask()],
  ])

  const failure = refusal(stream.refused) ?? (plan === undefined ? query.error : null)
  if (failure !== null && failure !== undefined) {
    const isGone = (failure as Partial<ApiError>).status === 404
    const toPlans = (
      <Link to="/" className={buttonClass()}>
        Back to the plans
      </Link>
    )
    return <Failed error={failure} onRetry={changed} action={isGone ? toPlans : undefined} />
  }
  if (plan === undefined) return <PlanSkeleton />

  const panel =
    search.task === undefined ? undefined : (
      <TaskPanel
        key={search.task}
        planId={planId}
        taskId={search.task}
        model={model}
        finding={search.finding}
        lastEventId={stream.lastEventId}
        onClose={closeTask}
        onChanged={changed}
      />
    )
  return (
    <div className="flex min-h-0 flex-1">
      <div className="min-w-0 flex-1 px-4 pb-16 sm:px-6">
        <PlanHeader plan={plan} status={status} onChanged={changed} />
        <PlanStats plan={plan} status={status} counts={counts} tasks={model.tasks} />
        <LiveStatus state={stream.state} status={status} counts={counts} />
        <PlanTabs
          plan={plan}
          model={model}
          counts={counts}
          live={live}
          writing={writing}
          syntheses={syntheses.data}
          synthesesError={syntheses.error}
          search={search}
          onTab={(tab) => show({ tab, finding: undefined })}
          onTask={(task) => show({ task, finding: undefined })}
          onChanged={changed}
        />
      </div>
      {panel !== undefined && beside && (
        <aside
          aria-label="Task"
          className="sticky top-14 flex h-[calc(100dvh-3.5rem)] w-[clamp(26rem,36vw,38rem)] shrink-0 flex-col border-l border-line bg-surface"
        >
          {panel}
        </aside>
      )}
      {panel !== undefined && !beside && (
        <Sheet label="Task" onClose={closeTask}>
          {panel}
        </Sheet>
      )}
    </div>
  )
}

function refusal(status: number | undefined): ApiError | undefined {
  if (status === undefined) return undefined
  const title =
    status === 404
      ? 'There is no such plan'
      : status === 401
        ? 'An API key is needed'
        : 'You may not read this plan'
  return pageError(
    status,
    title,
    status === 404 ? 'It may have been deleted, or it has expired.' : undefined,
  )
}

function PlanSkeleton() {
  return (
    <div role="status" aria-label="Loading the plan" className="space-y-4 px-4 pt-8 sm:px-6">
      <Skeleton className="h-7 w-80 max-w-full" />
      <Skeleton className="h-16 w-full" />
      <Skeleton className="h-72 w-full" />
    </div>
  )
}
