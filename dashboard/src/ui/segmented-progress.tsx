import type { Counts, TaskStatus } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import { classNames } from './class-names.ts'
import { appearance } from './status.tsx'

// Successes first, open tasks last: the bar fills from the left.
const ORDER: TaskStatus[] = [
  'succeeded',
  'incomplete',
  'failed',
  'cancelled',
  'skipped',
  'running',
  'queued',
]

export function endedCount(counts: Counts): number {
  return counts.total - counts.queued - counts.running
}

export function describeCounts(counts: Counts): string {
  return ORDER.filter((status) => counts[status] > 0)
    .map((status) => `${formatCount(counts[status])} ${appearance(status).label.toLowerCase()}`)
    .join(', ')
}

export function SegmentedProgress({ counts, thick }: { counts: Counts; thick?: boolean }) {
  const total = Math.max(1, counts.total)
  return (
    <div
      role="img"
      aria-label={`${formatCount(endedCount(counts))} of ${formatCount(counts.total)} tasks ended: ${describeCounts(counts)}`}
      title={describeCounts(counts)}
      className={classNames(
        'flex w-full gap-px overflow-hidden rounded-full bg-neutral-soft',
        thick ? 'h-2.5' : 'h-1.5',
      )}
    >
      {ORDER.filter((status) => status !== 'queued' && counts[status] > 0).map((status) => (
        <span
          key={status}
          className={classNames(
            'h-full min-w-[3px] transition-[width] duration-300',
            appearance(status).fill,
            status === 'running' && 'breathe',
          )}
          style={{ width: `${(counts[status] / total) * 100}%` }}
        />
      ))}
    </div>
  )
}
