import type { ReactNode } from 'react'
import type { TaskDetail } from '../api/types.ts'
import { formatDuration } from '../format/duration.ts'
import { formatCompact } from '../format/number.ts'
import type { LiveTask } from '../live/plan-model.ts'
import { durationMs } from '../timeline/rows.ts'
import { Cost } from '../ui/cost.tsx'
import { useNow } from '../ui/hooks/use-now.ts'
import { Substitute } from './answered-by.tsx'
import { TaskLink } from './task-link.tsx'

interface TaskFactsProps {
  task: TaskDetail
  live: LiveTask | undefined
}

export function TaskFacts({ task, live }: TaskFactsProps) {
  const running = live?.status === 'running' || live?.status === 'queued'
  const now = useNow(250, running)
  // If a task was held back, its waiting time starts when it may run.
  const waited = Math.max(0, (live?.startedAt ?? now) - Date.parse(task.timings.queuedAt))
  const { usage } = task
  const model = task.answeredBy ?? task.model
  return (
    <>
      <dl className="mt-3.5 grid grid-cols-2 gap-x-4 gap-y-2 sm:grid-cols-4">
        <Fact label="Ran for">
          {live?.startedAt == null ? '–' : formatDuration(durationMs(live, now))}
        </Fact>
        <Fact label="Waited">
          {live?.startedAt == null && !running ? '–' : formatDuration(waited)}
        </Fact>
        <Fact label="Executor">
          {task.executor}
          {model !== undefined && (
            <span className="block truncate text-xs text-ink-3" title={model}>
              {model}
            </span>
          )}
        </Fact>
        <Fact label="Wave">{task.wave}</Fact>
        {usage.steps > 0 && (
          <>
            <Fact label="Tokens in">
              {formatCompact(usage.inputTokens)}
              {usage.cacheReadTokens > 0 && (
                <span className="block text-xs text-ink-3">
                  {formatCompact(usage.cacheReadTokens)} from cache
                </span>
              )}
            </Fact>
            <Fact label="Tokens out">{formatCompact(usage.outputTokens)}</Fact>
            <Fact label="Cost">
              <Cost usd={usage.costUsd} />
            </Fact>
            <Fact label="Model calls">{usage.steps}</Fact>
          </>
        )}
      </dl>
      <Substitute task={task} />
      {task.dependsOn.length > 0 && (
        <p className="mt-3 flex flex-wrap items-center gap-1.5 text-sm text-ink-2">
          After
          {task.dependsOn.slice(0, 12).map((taskId) => (
            <TaskLink key={taskId} taskId={taskId} />
          ))}
          {task.dependsOn.length > 12 && <span>and {task.dependsOn.length - 12} more</span>}
        </p>
      )}
    </>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="eyebrow">{label}</dt>
      <dd className="tabular truncate">{children}</dd>
    </div>
  )
}
