import { Link, useParams } from '@tanstack/react-router'
import { GitMerge } from 'lucide-react'
import { useMemo } from 'react'
import type { Synthesis } from '../api/types.ts'
import { formatDuration } from '../format/duration.ts'
import type { PlanModel } from '../live/plan-model.ts'
import type { TimeMap } from './time-map.ts'
import { position, type TimeSpan } from './time-scale.ts'

interface SynthesisLaneProps {
  model: PlanModel
  syntheses: readonly Synthesis[]
  span: TimeSpan
  times: TimeMap
  now: number
}

interface Run {
  version: number
  from: number
  to: number
  running: boolean
}

/** The last lane, always visible, to which all others lead. */
export function SynthesisLane({ model, syntheses, span, times, now }: SynthesisLaneProps) {
  const { planId } = useParams({ from: '/plans/$planId' })
  const tasksEndedAt = useMemo(
    () => Math.max(0, ...[...model.tasks.values()].map((task) => task.finishedAt ?? 0)),
    [model.tasks],
  )
  const runs = synthesisRuns(model, syntheses, tasksEndedAt, now)
  if (model.plan?.synthesis?.status === 'disabled') return null
  const latest = runs.at(-1)
  return (
    <div className="timeline-grid sticky bottom-0 z-20 h-9 border-t border-line bg-surface">
      <Link
        to="/plans/$planId"
        params={{ planId }}
        search={(before) => ({ ...before, tab: 'synthesis' })}
        className="flex min-w-0 items-center gap-2 px-3 text-[0.8125rem] font-medium outline-offset-[-2px] hover:bg-hover"
      >
        <GitMerge className="size-3.5 shrink-0 text-synthesis" aria-hidden />
        <span className="truncate">Synthesis</span>
        {latest !== undefined && (
          <span className="ml-auto shrink-0 text-xs font-normal text-ink-3">
            {latest.running ? (
              'writing'
            ) : (
              <>
                <span className="max-md:hidden">version {latest.version}</span>
                <span className="md:hidden">v{latest.version}</span>
              </>
            )}
          </span>
        )}
      </Link>
      <div className="relative overflow-hidden">
        {runs.map((run) => {
          const left = position(span, times.onAxis(run.from))
          const right = position(span, times.onAxis(run.to))
          return (
            <span
              key={run.version}
              title={`Version ${run.version}, ${formatDuration(run.to - run.from)}`}
              className={`lane-segment lane-attempt ${run.running ? 'breathe' : ''}`}
              data-outcome="synthesis"
              style={{
                left: `min(${left * 100}%, calc(100% - 6px))`,
                width: `${Math.max(0, right - left) * 100}%`,
                minWidth: 6,
              }}
            />
          )
        })}
      </div>
    </div>
  )
}

/**
 * Events tell when a version was started; if it was before the page was opened, only its end is
 * known.
 */
function synthesisRuns(
  model: PlanModel,
  syntheses: readonly Synthesis[],
  tasksEndedAt: number,
  now: number,
): Run[] {
  const runs = new Map<number, Run>()
  for (const synthesis of syntheses) {
    const to = Date.parse(synthesis.createdAt)
    const first = synthesis.version === 1 && !synthesis.preliminary
    const from = first && tasksEndedAt > 0 ? Math.min(tasksEndedAt, to) : to
    runs.set(synthesis.version, { version: synthesis.version, from, to, running: false })
  }
  for (const run of model.synthesisRuns) {
    runs.set(run.version, {
      version: run.version,
      from: run.startedAt,
      to: run.finishedAt ?? now,
      running: run.finishedAt === null,
    })
  }
  return [...runs.values()].sort((a, b) => a.version - b.version)
}
