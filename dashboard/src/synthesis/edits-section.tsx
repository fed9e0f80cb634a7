import type { MergedEdits } from '../api/types.ts'
import { plural } from '../format/number.ts'
import { TaskLink } from '../task/task-link.tsx'
import { Section } from '../ui/section.tsx'
import { Diff } from '../ui/text/diff.tsx'
import { SidesTable } from './sides-table.tsx'

/** The tasks' edits as one patch, and what could not be merged. */
export function EditsSection({ edits }: { edits: MergedEdits }) {
  return (
    <Section
      title="Edits"
      note={
        <>
          {plural(edits.merged.length, 'task')} merged onto{' '}
          <code className="font-mono text-xs">{edits.base.slice(0, 12) || 'the files'}</code>
          {edits.commit !== undefined && (
            <>
              {' as '}
              <code className="font-mono text-xs">{edits.commit.slice(0, 12)}</code>
            </>
          )}
        </>
      }
    >
      {edits.patch === '' ? (
        <p className="text-ink-2">Nothing could be merged.</p>
      ) : (
        <Diff patch={edits.patch} />
      )}
      {edits.conflicts.length > 0 && (
        <div className="mt-5 space-y-4">
          <h3 className="font-medium text-failed">
            {plural(edits.conflicts.length, 'file')} in conflict
          </h3>
          {edits.conflicts.map((conflict) => (
            <article key={conflict.path} className="rounded-lg border border-line p-3.5">
              <div className="mb-2 flex flex-wrap items-center gap-2">
                <span className="font-mono text-sm font-medium break-all">{conflict.path}</span>
                {conflict.tasks.map((taskId) => (
                  <TaskLink key={taskId} taskId={taskId} />
                ))}
              </div>
              <SidesTable
                sides={[
                  { label: 'Base', text: conflict.base },
                  { label: conflict.tasks[0] ?? 'Ours', text: conflict.ours },
                  { label: conflict.tasks[1] ?? 'Theirs', text: conflict.theirs },
                  { label: 'Proposed by the model', text: conflict.proposal },
                ]}
              />
            </article>
          ))}
        </div>
      )}
    </Section>
  )
}
