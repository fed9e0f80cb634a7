import type { Attempt, TaskDetail } from '../api/types.ts'
import { formatDuration, formatTime } from '../format/duration.ts'
import { formatCompact, formatUsd, plural } from '../format/number.ts'
import { useNow } from '../ui/hooks/use-now.ts'
import { Empty } from '../ui/page-states.tsx'
import { StatusIcon } from '../ui/status.tsx'

const OUTCOMES: Record<Attempt['outcome'], { label: string; status: string }> = {
  running: { label: 'Running', status: 'running' },
  succeeded: { label: 'Succeeded', status: 'succeeded' },
  incomplete: { label: 'Incomplete', status: 'incomplete' },
  failed: { label: 'Failed', status: 'failed' },
  'timed-out': { label: 'Timed out', status: 'failed' },
  cancelled: { label: 'Cancelled', status: 'cancelled' },
  lost: { label: 'Lost with its worker, run again', status: 'skipped' },
  interrupted: { label: 'Its worker was shut down, run again', status: 'skipped' },
}

export function AttemptList({ task }: { task: TaskDetail }) {
  const now = useNow(500, task.status === 'running')
  if (task.attempts.length === 0) return <Empty title="Not started yet" />
  return (
    <div className="pt-5">
      <ol className="space-y-4">
        {task.attempts.map((attempt) => {
          const end = attempt.finishedAt === null ? now : Date.parse(attempt.finishedAt)
          const outcome = OUTCOMES[attempt.outcome] ?? OUTCOMES.failed
          const tokens = attempt.usage.inputTokens + attempt.usage.outputTokens
          return (
            <li key={attempt.number} className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-2">
              <StatusIcon status={outcome.status} className="mt-0.5" />
              <div>
                <div className="flex items-baseline justify-between gap-3">
                  <h3 className="font-medium">
                    Attempt {attempt.number}: {outcome.label.toLowerCase()}
                  </h3>
                  <span className="tabular shrink-0">
                    {formatDuration(end - Date.parse(attempt.startedAt))}
                  </span>
                </div>
                <p className="text-xs text-ink-3">
                  {formatTime(attempt.startedAt)} on{' '}
                  <span className="font-mono">{attempt.workerId}</span>
                  {attempt.answeredBy !== undefined && (
                    <>
                      , answered by <span className="font-mono">{attempt.answeredBy}</span>
                    </>
                  )}
                  {attempt.resumedFromStep !== undefined &&
                    `, went on after step ${attempt.resumedFromStep}`}
                  {tokens > 0 && `, ${formatCompact(tokens)} tokens`}
                  {attempt.usage.costUsd > 0 && `, ${formatUsd(attempt.usage.costUsd)}`}
                </p>
                {attempt.error !== undefined && (
                  <p className="mt-1 text-sm break-words text-failed">
                    <span className="font-mono text-xs">{attempt.error.code}</span>{' '}
                    {attempt.error.message}
                  </p>
                )}
              </div>
            </li>
          )
        })}
      </ol>
      <p className="mt-5 text-xs text-ink-3">
        At most {plural(task.maxAttempts, 'failed attempt')}, {formatDuration(task.timeoutMs)} each.
      </p>
    </div>
  )
}
