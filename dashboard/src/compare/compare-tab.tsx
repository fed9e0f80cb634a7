import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { compareFindings, compareTasks, tookMs } from '../../../src/client/compare.ts'
import type { Plan, SynthesisFinding, TaskSummary } from '../api/types.ts'
import { formatAgo, formatDuration } from '../format/duration.ts'
import { formatCount, formatUsd, plural } from '../format/number.ts'
import { usePlanSearch } from '../plan/use-plan-search.ts'
import { TaskLink } from '../task/task-link.tsx'
import { INPUT } from '../ui/field.tsx'
import { useNow } from '../ui/hooks/use-now.ts'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { Empty, Failed, Skeleton } from '../ui/page-states.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Section } from '../ui/section.tsx'
import { appearance, SeverityBadge } from '../ui/status.tsx'
import { type Run, runQuery, sameTitleQuery } from './run-query.ts'

/** Compares this run with another one of the same work: what is new, still there and gone. */
export function CompareTab({ plan, version }: { plan: Plan; version: string }) {
  const [search, change] = usePlanSearch()
  const now = useNow(60_000)
  const others = useQuery(sameTitleQuery(plan.title))
  const choices = (others.data ?? []).filter(({ id }) => id !== plan.id)
  const chosen = search.with ?? choices.find(({ createdAt }) => createdAt < plan.createdAt)?.id
  const before = useQuery({ ...runQuery(chosen ?? '', ''), enabled: chosen !== undefined })
  const after = useQuery(runQuery(plan.id, version))
  const failed = before.error ?? after.error

  return (
    <div className="space-y-8 pt-6">
      <label className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm text-ink-2">
        Compare this run with
        <select
          value={chosen ?? ''}
          onChange={(event) => change({ with: event.target.value || undefined })}
          className={`${INPUT} h-8 w-auto max-w-full min-w-0 pr-1 pl-2`}
        >
          {chosen === undefined && <option value="">no other plan</option>}
          {chosen !== undefined && choices.every(({ id }) => id !== chosen) && (
            <option value={chosen}>{chosen}</option>
          )}
          {choices.map(({ id, createdAt, status }) => (
            <option key={id} value={id}>
              {formatAgo(Date.parse(createdAt), now)}, {appearance(status).label.toLowerCase()},{' '}
              {id}
            </option>
          ))}
        </select>
      </label>
      {failed !== null && <Failed error={failed} />}
      {failed === null && content()}
    </div>
  )

  function content() {
    if (others.isPending) return <Skeleton className="h-40" />
    if (chosen === undefined) {
      return (
        <Empty title="There is no other run">
          Plans with the same title can be compared. “Run again” makes one.
        </Empty>
      )
    }
    if (before.data === undefined || after.data === undefined) return <Skeleton className="h-40" />
    return <Comparison before={before.data} after={after.data} />
  }
}

function Comparison({ before, after }: { before: Run; after: Run }) {
  const findings = compareFindings(before.findings, after.findings)
  const tasks = compareTasks(before.tasks, after.tasks)
  return (
    <>
      <Figures before={before} after={after} />
      <div className="grid gap-x-12 gap-y-8 lg:grid-cols-3">
        <Findings title="New" findings={findings.new} none="Nothing new was found." />
        <Findings
          title="Still there"
          findings={findings.still.map((pair) => pair.after)}
          none="Nothing was found twice."
        />
        <Findings title="Gone" findings={findings.gone} none="Nothing went away." />
      </div>
      <Tasks changes={tasks} />
    </>
  )
}

function Figures({ before, after }: { before: Run; after: Run }) {
  const rows: [string, (run: Run) => string][] = [
    ['Status', ({ plan }) => appearance(plan.status).label],
    ['Tasks succeeded', ({ plan: { counts } }) => `${counts.succeeded} of ${counts.total}`],
    ['Findings', (run) => formatCount(run.findings.length)],
    ['Time', ({ report }) => formatDuration(report.wallMs)],
    ['Cost', ({ plan }) => (plan.usage.costUsd > 0 ? formatUsd(plan.usage.costUsd) : '–')],
  ]
  return (
    <table className="w-full max-w-2xl text-left text-sm">
      <thead className="eyebrow border-b border-line">
        <tr>
          <th className="py-1.5 pr-4 font-medium">
            <span className="sr-only">Figure</span>
          </th>
          <th className="py-1.5 pr-4 font-medium">
            <Link
              to="/plans/$planId"
              params={{ planId: before.plan.id }}
              className="underline underline-offset-2"
            >
              The other run
            </Link>
          </th>
          <th className="py-1.5 font-medium">This run</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {rows.map(([label, value]) => (
          <tr key={label}>
            <th scope="row" className="py-1.5 pr-4 font-normal text-ink-2">
              {label}
            </th>
            <td className="tabular py-1.5 pr-4">{value(before)}</td>
            <td className="tabular py-1.5">{value(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Findings(props: { title: string; findings: readonly SynthesisFinding[]; none: string }) {
  const { shown, left, more } = usePaging(props.findings, 30)
  return (
    <Section title={props.title} note={plural(props.findings.length, 'finding')}>
      {props.findings.length === 0 && <p className="text-sm text-ink-2">{props.none}</p>}
      <ul className="space-y-3">
        {shown.map((finding) => (
          <li key={finding.id} className="flex items-start gap-2.5">
            <SeverityBadge severity={finding.severity} />
            <div className="min-w-0">
              <p className="break-words">{finding.title}</p>
              {finding.file !== undefined && (
                <p className="font-mono text-xs break-all text-ink-3">
                  {finding.file}
                  {finding.line !== undefined && `:${finding.line}`}
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
      <MoreButton left={left} onClick={more} />
    </Section>
  )
}

function Tasks({ changes }: { changes: ReturnType<typeof compareTasks> }) {
  const { shown, left, more } = usePaging(changes, 50)
  return (
    <Section title="Tasks" note={plural(changes.length, 'task')}>
      <ScrollRegion label="Tasks of both runs" className="overflow-x-auto">
        <table className="w-full min-w-[34rem] text-left text-sm">
          <thead className="eyebrow border-b border-line">
            <tr>
              <th className="py-1.5 pr-4 font-medium">Task</th>
              <th className="py-1.5 pr-4 font-medium">The other run</th>
              <th className="w-1/3 py-1.5 font-medium">This run</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {shown.map(({ taskId, before, after }) => (
              <tr key={taskId}>
                <td className="py-1.5 pr-4">
                  {after === undefined ? (
                    <code className="font-mono text-xs text-ink-2">{taskId}</code>
                  ) : (
                    <TaskLink taskId={taskId} />
                  )}
                </td>
                <td className="tabular py-1.5 pr-4 text-ink-2">{wordsOf(before)}</td>
                <td className="tabular py-1.5">{wordsOf(after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <MoreButton left={left} onClick={more} />
    </Section>
  )
}

/** `Succeeded, 4.2 s, $0.03`. */
function wordsOf(task: TaskSummary | undefined): string {
  if (task === undefined) return 'not in this run'
  const took = tookMs(task)
  const parts = [
    appearance(task.status).label,
    ...(took === undefined ? [] : [formatDuration(took)]),
    ...(task.usage.costUsd > 0 ? [formatUsd(task.usage.costUsd)] : []),
  ]
  return parts.join(', ')
}
