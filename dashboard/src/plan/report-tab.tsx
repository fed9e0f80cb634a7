import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { reportQuery } from '../api/queries.ts'
import type { Report } from '../api/types.ts'
import { formatDuration } from '../format/duration.ts'
import { formatCount, formatTimes, formatUsd } from '../format/number.ts'
import { TaskLink } from '../task/task-link.tsx'
import { classNames } from '../ui/class-names.ts'
import { Cost } from '../ui/cost.tsx'
import { Failed, Skeleton } from '../ui/page-states.tsx'
import { Section } from '../ui/section.tsx'

interface ReportTabProps {
  planId: string
  live: boolean
  finishedAt: number | null
}

export function ReportTab({ planId, live, finishedAt }: ReportTabProps) {
  const query = useQuery(reportQuery(planId, live ? 'active' : `${finishedAt}:full`, live))
  if (query.isPending) return <Skeleton className="mt-6 h-64" />
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />
  const report = query.data
  return (
    <div className="@container max-w-5xl space-y-9 pt-7">
      <Speedup report={report} live={live} />
      <Section title="What held it up">
        {report.diagnostics.length === 0 ? (
          <p className="text-ink-2">Nothing: the tasks ran in parallel as far as they could.</p>
        ) : (
          <ul className="space-y-2.5">
            {report.diagnostics.map((diagnostic) => (
              <li key={diagnostic.code + diagnostic.message} className="flex gap-2.5">
                <TriangleAlert className="mt-1 size-3.5 shrink-0 text-incomplete" aria-hidden />
                <span className="text-pretty">{diagnostic.message}</span>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <div className="grid gap-x-12 gap-y-9 @2xl:grid-cols-2">
        <Section title="Waiting in the queue">
          <Facts
            rows={[
              ['Median', formatDuration(report.queueWaitMs.p50)],
              ['95th percentile', formatDuration(report.queueWaitMs.p95)],
              ['Longest', formatDuration(report.queueWaitMs.max)],
            ]}
          />
        </Section>
        <Usage usage={report.usage} cost={report.cost} />
      </div>
      <Spenders cost={report.cost} />
      {report.stragglers.length > 0 && (
        <Section title="Stragglers" note="Tasks that took far longer than the others">
          <ul className="divide-y divide-line border-y border-line">
            {report.stragglers.map((straggler) => (
              <li key={straggler.taskId} className="flex items-center gap-4 py-2">
                <TaskLink taskId={straggler.taskId} />
                <span className="tabular ml-auto">{formatDuration(straggler.durationMs)}</span>
                <span className="tabular w-36 text-right text-ink-2">
                  {formatTimes(straggler.timesMedian)} the median
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  )
}

/** The same work drawn twice to scale: one task after another, and as it ran. */
function Speedup({ report, live }: { report: Report; live: boolean }) {
  const atOnce = report.effectiveParallelism.toFixed(1)
  const aloneMs = report.sumOfTaskMs - report.coreWaitMs
  const longest = Math.max(aloneMs, report.wallMs, 1)
  return (
    <div className="grid items-center gap-x-10 gap-y-5 @2xl:grid-cols-[auto_minmax(0,1fr)]">
      <div>
        <p className="tabular text-6xl leading-none font-semibold tracking-tighter">
          {live ? atOnce : formatTimes(report.speedup)}
        </p>
        <p className="mt-2 max-w-52 text-sm text-ink-2">
          {live
            ? 'tasks at once on average so far'
            : `as fast as one after another, estimated; ${atOnce} tasks at once on average`}
        </p>
      </div>
      <div className="min-w-0 space-y-3">
        <Bar
          label="One after another"
          note={`an estimate: the sum of the tasks' times${report.coreWaitMs > 0 ? `, without the ${formatDuration(report.coreWaitMs)} they waited for a core` : ''}`}
          ms={aloneMs}
          of={longest}
          fill="bg-queued-bar"
        />
        <Bar
          label="As it ran"
          note={`until the last task ended; the synthesis comes after that${report.idleMs > 0 ? `; not counting ${formatDuration(report.idleMs)} in which there was nothing to run` : ''}`}
          ms={report.wallMs}
          of={longest}
          fill="bg-running"
        />
        <Bar
          label="At best"
          note="the longest chain of tasks that depend on each other"
          ms={report.criticalPathMs}
          of={longest}
          fill="bg-succeeded"
        />
      </div>
    </div>
  )
}

function Bar(props: { label: string; note: string; ms: number; of: number; fill: string }) {
  return (
    <div>
      <div className="mb-1 flex items-baseline gap-2 text-sm">
        <p className="min-w-0 text-pretty">
          <span className="mr-2 font-medium">{props.label}</span>
          <span className="text-ink-3">{props.note}</span>
        </p>
        <span className="tabular ml-auto shrink-0">{formatDuration(props.ms)}</span>
      </div>
      <div className="h-3.5">
        <div
          className={classNames('h-full min-w-1 rounded', props.fill)}
          style={{ width: `${(props.ms / props.of) * 100}%` }}
        />
      </div>
    </div>
  )
}

function Usage({ usage, cost }: Pick<Report, 'usage' | 'cost'>) {
  if (usage.steps === 0) {
    return (
      <Section title="Usage">
        <p className="text-ink-2">No model was called.</p>
      </Section>
    )
  }
  return (
    <Section title="Usage">
      <Facts
        rows={[
          ['Cost', <Cost key="cost" usd={usage.costUsd} />],
          ['of this the tasks', formatUsd(cost.tasksUsd)],
          ['of this the synthesis', formatUsd(cost.synthesisUsd)],
          ...(cost.estimateUsd === null
            ? []
            : ([
                [
                  'Estimated before the launch',
                  `${formatUsd(cost.estimateUsd.low)} to ${formatUsd(cost.estimateUsd.high)}`,
                ],
              ] satisfies [string, ReactNode][])),
          ['Input tokens', formatCount(usage.inputTokens)],
          ['of which read from a cache', formatCount(usage.cacheReadTokens)],
          ['of which written to a cache', formatCount(usage.cacheWriteTokens)],
          ['Output tokens', formatCount(usage.outputTokens)],
          ['Model calls', formatCount(usage.steps)],
        ]}
      />
    </Section>
  )
}

/** Shows what the money was spent on, most expensive first. */
function Spenders({ cost }: Pick<Report, 'cost'>) {
  const [dearest] = cost.topTasks
  if (dearest === undefined) return null
  return (
    <Section title="Cost by task" note="The ten dearest">
      <ul className="divide-y divide-line border-y border-line">
        {cost.topTasks.map(({ taskId, costUsd }) => (
          <li
            key={taskId}
            className="grid grid-cols-[minmax(0,14rem)_1fr_5rem] items-center gap-4 py-2"
          >
            <TaskLink taskId={taskId} />
            <span className="h-2">
              <span
                className="block h-full min-w-1 rounded bg-queued-bar"
                style={{ width: `${(costUsd / dearest.costUsd) * 100}%` }}
              />
            </span>
            <span className="tabular text-right">{formatUsd(costUsd)}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="divide-y divide-line border-y border-line">
      {rows.map(([label, value]) => (
        <div key={label} className="flex justify-between gap-4 py-1.5">
          <dt className="text-ink-2">{label}</dt>
          <dd className="tabular">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
