import { useAwaySince } from '../api/connection.ts'
import type { Counts, PlanStatus } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import type { StreamState } from '../live/event-stream.ts'
import { Notice } from '../ui/page-states.tsx'
import { appearance } from '../ui/status.tsx'

interface LiveStatusProps {
  state: StreamState
  status: PlanStatus
  counts: Counts
}

/**
 * Announces the plan's progress in steps of a tenth: an announcement per task would overwhelm a
 * screen reader.
 */
export function LiveStatus({ state, status, counts }: LiveStatusProps) {
  const away = useAwaySince() !== undefined
  const ended = counts.total - counts.queued - counts.running
  const tenths = counts.total === 0 ? 0 : Math.floor((ended / counts.total) * 10)
  return (
    <>
      <p className="sr-only" role="status">
        {appearance(status).label}
        {counts.total > 0 && `, ${tenths * 10}% of ${formatCount(counts.total)} tasks ended`}
        {counts.failed > 0 && ', some failed'}
      </p>
      {state === 'waiting' && !away && (
        <div className="mt-4" role="alert">
          <Notice tone="warning">
            The live connection was lost. Reconnecting; nothing will be missed.
          </Notice>
        </div>
      )}
    </>
  )
}
