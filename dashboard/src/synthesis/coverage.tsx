import type { Synthesis } from '../api/types.ts'
import { formatCount, plural } from '../format/number.ts'
import { TaskLink } from '../task/task-link.tsx'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { Section } from '../ui/section.tsx'
import { appearance, StatusIcon } from '../ui/status.tsx'

export function Coverage({ coverage }: { coverage: Synthesis['coverage'] }) {
  const { shown, left, more } = usePaging(coverage.missing, 20)
  const total = coverage.succeeded.length + coverage.missing.length
  return (
    <Section
      title="Coverage"
      note={`${formatCount(coverage.succeeded.length)} of ${plural(total, 'task')}`}
    >
      {coverage.missing.length === 0 ? (
        <p className="text-sm text-ink-2">Every task contributed.</p>
      ) : (
        <>
          <ul className="space-y-2">
            {shown.map((missing) => (
              <li key={missing.taskId} className="flex items-start gap-2 text-sm">
                <StatusIcon status={missing.status} className="mt-0.5 size-3.5" />
                <div className="min-w-0">
                  <TaskLink taskId={missing.taskId} />
                  <span className="ml-1.5 text-ink-2">
                    {appearance(missing.status).label.toLowerCase()}
                  </span>
                  {missing.error !== undefined && (
                    <p className="mt-0.5 break-words text-ink-2">{missing.error}</p>
                  )}
                </div>
              </li>
            ))}
          </ul>
          <MoreButton left={left} onClick={more} />
        </>
      )}
    </Section>
  )
}
