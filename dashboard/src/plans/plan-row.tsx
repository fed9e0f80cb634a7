import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { reportQuery } from '../api/queries.ts'
import { isActive } from '../api/statuses.ts'
import type { Plan, Report } from '../api/types.ts'
import { formatAgo, formatDuration, formatTime } from '../format/duration.ts'
import { formatCount, formatTimes, formatUsd } from '../format/number.ts'
import { endedCount, SegmentedProgress } from '../ui/segmented-progress.tsx'
import { appearance, StatusIcon } from '../ui/status.tsx'

export const PLAN_GRID =
  'grid grid-cols-[minmax(0,1fr)_20rem_5.5rem_6.5rem_5.5rem_6.5rem] items-center gap-x-5 px-2'

interface PlanRowProps {
  plan: Plan
  now: number
  wide: boolean
  index: number
  onFocus: () => void
}

export function PlanRow({ plan, now, wide, index, onFocus }: PlanRowProps) {
  const report = useReport(plan)
  // How long running tasks have waited for a core is known only once they have ended.
  const speedup = isActive(plan.status) ? undefined : report?.speedup
  const duration = planDuration(plan, now, report?.idleMs)
  const cost = plan.usage.costUsd > 0 ? formatUsd(plan.usage.costUsd) : '–'
  const budget = plan.policy.budgetUsd
  const why = plan.reason?.message ?? plan.stopped?.message
  const title = (
    <div className="flex min-w-0 items-center gap-3">
      <StatusIcon status={plan.status} />
      <div className="min-w-0">
        <Link
          to="/plans/$planId"
          params={{ planId: plan.id }}
          data-row={index}
          onFocus={onFocus}
          className="block truncate font-medium outline-none after:absolute after:inset-0 after:rounded-md focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-running"
        >
          {plan.title}
        </Link>
        <p className="truncate text-xs text-ink-3">
          {appearance(plan.status).label}
          {why !== undefined && `: ${why}`}
          {why === undefined && plan.mode === 'sequential' && ' · one task at a time'}
        </p>
      </div>
    </div>
  )
  const progress = (
    <div className="flex items-center gap-3">
      <SegmentedProgress counts={plan.counts} />
      <span className="tabular w-20 shrink-0 text-right text-xs text-ink-2">
        {formatCount(isActive(plan.status) ? endedCount(plan.counts) : plan.counts.succeeded)}/
        {formatCount(plan.counts.total)}
      </span>
    </div>
  )

  if (!wide) {
    return (
      <div className="relative flex h-full flex-col justify-center gap-2 px-1 hover:bg-hover">
        {title}
        <div className="pl-7">{progress}</div>
        <p className="tabular flex gap-3 pl-7 text-xs text-ink-3">
          <span>{duration === undefined ? 'not started' : formatDuration(duration)}</span>
          {speedup !== undefined && <span>{formatTimes(speedup)} est. speedup</span>}
          {plan.usage.costUsd > 0 && (
            <span>
              {cost}
              {budget !== undefined && ` of ${formatUsd(budget)}`}
            </span>
          )}
          <span className="ml-auto">{formatAgo(Date.parse(plan.createdAt), now)}</span>
        </p>
      </div>
    )
  }
  return (
    <div className={`${PLAN_GRID} relative h-full rounded-md hover:bg-hover`}>
      {title}
      {progress}
      <span className="tabular text-right">
        <span className="sr-only">Duration </span>
        {duration === undefined ? '–' : formatDuration(duration)}
      </span>
      <span className="tabular text-right">
        <span className="sr-only">Estimated speedup </span>
        {speedup === undefined ? '–' : formatTimes(speedup)}
      </span>
      <span className="tabular text-right">
        <span className="sr-only">Cost </span>
        {cost}
        {budget !== undefined && (
          <span className="block text-xs text-ink-3">of {formatUsd(budget)}</span>
        )}
      </span>
      <time
        dateTime={plan.createdAt}
        title={formatTime(plan.createdAt)}
        className="text-right text-ink-2"
      >
        {formatAgo(Date.parse(plan.createdAt), now)}
      </time>
    </div>
  )
}

/** Excludes time in which there was nothing to run, such as before a retry. */
export function planDuration(plan: Plan, now: number, idleMs = 0): number | undefined {
  if (plan.startedAt === null) return undefined
  const end = plan.finishedAt === null ? now : Date.parse(plan.finishedAt)
  return Math.max(0, end - Date.parse(plan.startedAt) - idleMs)
}

/** Only rows on the screen fetch a report. */
function useReport(plan: Plan): Report | undefined {
  const active = isActive(plan.status)
  const report = useQuery({
    ...reportQuery(plan.id, active ? 'active' : (plan.finishedAt ?? ''), active),
    enabled: plan.startedAt !== null,
  })
  return report.data
}
