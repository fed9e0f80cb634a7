import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { reportQuery } from '../api/queries.ts'
import { isActive } from '../api/statuses.ts'
import type { Counts, Plan, PlanStatus } from '../api/types.ts'
import { formatDuration } from '../format/duration.ts'
import { formatCompact, formatCount, formatTimes, formatUsd } from '../format/number.ts'
import type { LiveTask } from '../live/plan-model.ts'
import { planDuration } from '../plans/plan-row.tsx'
import { useNow } from '../ui/hooks/use-now.ts'
import { endedCount, SegmentedProgress } from '../ui/segmented-progress.tsx'

interface PlanStatsProps {
  plan: Plan
  status: PlanStatus
  /** Counts of the live tasks; empty before the snapshot. */
  counts: Counts
  tasks: ReadonlyMap<string, LiveTask>
}

export function PlanStats({ plan, status, counts, tasks }: PlanStatsProps) {
  const live = isActive(status)
  const now = useNow(250, live)
  const report = useQuery(reportQuery(plan.id, live ? 'active' : `${plan.finishedAt}`, live))
  const shown = counts.total > 0 ? counts : plan.counts
  const started = { ...plan, startedAt: plan.startedAt ?? firstStart(tasks) }
  const idleMs = report.data?.idleMs ?? 0
  const elapsed = planDuration(started, now, idleMs)
  const tokens = plan.usage.inputTokens + plan.usage.outputTokens
  const ended = endedCount(shown)
  return (
    <div className="mt-5 grid grid-cols-[repeat(auto-fit,minmax(4.5rem,1fr))] gap-x-4 gap-y-4 border-y border-line py-4 sm:flex sm:flex-wrap sm:items-end sm:gap-x-10">
      <div className="col-span-full sm:min-w-72 sm:flex-1">
        <div className="mb-2 flex items-baseline justify-between gap-4">
          <span className="eyebrow">Tasks ended</span>
          <span className="tabular text-ink-2">
            <span className="font-medium text-ink">{formatCount(ended)}</span> of{' '}
            {formatCount(shown.total)}
          </span>
        </div>
        <SegmentedProgress counts={shown} thick />
      </div>
      <Stat
        label={live ? 'Running for' : 'Took'}
        {...(idleMs > 0
          ? { title: `Not counting ${formatDuration(idleMs)} in which there was nothing to run` }
          : {})}
      >
        {elapsed === undefined ? '–' : formatDuration(elapsed)}
      </Stat>
      <Stat
        label="Est. speedup"
        title="The sum of the tasks' times, without what they waited for a core, divided by the time it took"
      >
        {report.data === undefined || live ? '–' : formatTimes(report.data.speedup)}
      </Stat>
      {live && <Stat label="Running now">{formatCount(shown.running)}</Stat>}
      <Stat label="Cost">
        {plan.usage.costUsd === 0 ? '–' : formatUsd(plan.usage.costUsd)}
        {plan.policy?.budgetUsd !== undefined && (
          <span className="text-sm font-normal text-ink-3 max-sm:block max-sm:leading-4">
            {' '}
            of {formatUsd(plan.policy.budgetUsd)}
          </span>
        )}
      </Stat>
      <Stat label="Tokens">{tokens === 0 ? '–' : formatCompact(tokens)}</Stat>
    </div>
  )
}

function Stat(props: { label: string; title?: string; children: ReactNode }) {
  return (
    <div title={props.title} className="min-w-14">
      <div className="eyebrow">{props.label}</div>
      <div className="tabular text-lg leading-7 whitespace-nowrap sm:text-xl font-medium tracking-tight">
        {props.children}
      </div>
    </div>
  )
}

/** The polled plan may not yet know that a task has started. */
function firstStart(tasks: ReadonlyMap<string, LiveTask>): string | null {
  let first = Number.POSITIVE_INFINITY
  for (const task of tasks.values()) first = Math.min(first, task.startedAt ?? first)
  return Number.isFinite(first) ? new Date(first).toISOString() : null
}
