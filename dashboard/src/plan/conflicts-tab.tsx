import { Scale } from 'lucide-react'
import type { Conflict, Plan, Synthesis } from '../api/types.ts'
import { plural } from '../format/number.ts'
import { TaskLink } from '../task/task-link.tsx'
import { Empty } from '../ui/page-states.tsx'
import { Section } from '../ui/section.tsx'
import { Markdown } from '../ui/text/markdown.tsx'
import { OverlapMatrix } from './overlap-matrix.tsx'

const TREATMENT: Record<Plan['policy']['onOverlap'], string> = {
  reject: 'The plan runs them one after another, so they never touch a file at the same time.',
  serialize: 'Tasks that touch the same files run one after another, in the order of the plan.',
  isolate: 'Each task works on its own copy, and the edits are merged at the end.',
}

interface ConflictsTabProps {
  plan: Plan
  synthesis: Synthesis | undefined
}

export function ConflictsTab({ plan, synthesis }: ConflictsTabProps) {
  const conflicts = synthesis?.conflicts ?? []
  const overlaps = plan.overlaps ?? []
  const pairs = new Set(overlaps.map(({ tasks }) => tasks.toSorted().join(' '))).size
  const inEdits = synthesis?.edits?.conflicts ?? []
  if (conflicts.length === 0 && overlaps.length === 0 && inEdits.length === 0) {
    return (
      <Empty title="No conflicts">
        {synthesis === undefined
          ? 'Once there is a synthesis, it shows contradictory recommendations.'
          : 'No two tasks made contradictory recommendations.'}
      </Empty>
    )
  }
  return (
    <div className="@container max-w-5xl space-y-9 pt-6">
      {conflicts.length > 0 && (
        <Section title="Contradictory recommendations" note={plural(conflicts.length, 'conflict')}>
          <div className="space-y-5">
            {conflicts.map((conflict) => (
              <ConflictCard key={`${conflict.about}:${conflict.between.join()}`} {...conflict} />
            ))}
          </div>
        </Section>
      )}
      {inEdits.length > 0 && (
        <Section title="Edits that could not be merged" note="Shown in full in the synthesis">
          <ul className="space-y-1.5">
            {inEdits.map((conflict) => (
              <li key={conflict.path} className="flex flex-wrap items-center gap-2">
                <span className="font-mono text-sm break-all">{conflict.path}</span>
                {conflict.tasks.map((taskId) => (
                  <TaskLink key={taskId} taskId={taskId} />
                ))}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {overlaps.length > 0 && (
        <Section
          title="Overlaps"
          note={`${plural(pairs, 'pair')} of tasks that touch the same files`}
        >
          <p className="mb-4 max-w-2xl text-pretty text-ink-2">
            {TREATMENT[plan.policy.onOverlap]}
          </p>
          <OverlapMatrix overlaps={overlaps} />
        </Section>
      )}
    </div>
  )
}

function ConflictCard({ about, sides, resolution, rule }: Conflict) {
  return (
    <article className="rounded-lg border border-line bg-surface">
      <h3 className="px-4 pt-3.5 font-medium break-words">{about}</h3>
      <div className="grid gap-px px-4 py-3.5 @2xl:grid-cols-2 @2xl:gap-x-8">
        {sides.map((side) => (
          <div key={side.taskId} className="min-w-0 py-2">
            <TaskLink taskId={side.taskId} />
            <p className="mt-1.5 break-words">{side.recommendation}</p>
            {side.evidence !== '' && (
              <p className="mt-1 text-sm break-words text-ink-3">{side.evidence}</p>
            )}
          </div>
        ))}
      </div>
      <div className="flex gap-2.5 rounded-b-lg border-t border-line bg-synthesis-soft px-4 py-3 text-sm">
        <Scale className="mt-0.5 size-4 shrink-0 text-synthesis" aria-hidden />
        <div className="min-w-0">
          <Markdown text={resolution} />
          <p className="mt-0.5 text-ink-2">Rule: {rule}</p>
        </div>
      </div>
    </article>
  )
}
