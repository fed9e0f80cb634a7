import { RotateCcw } from 'lucide-react'
import { useMemo } from 'react'
import { formatCount, plural } from '../format/number.ts'
import { failureGroups } from '../live/failure-groups.ts'
import type { LiveTask } from '../live/plan-model.ts'
import { TaskLink } from '../task/task-link.tsx'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import type { Selection } from './selection.ts'

/** As many tasks per error as fit on a line or two. */
const SHOWN_TASKS = 12

interface FailureListProps {
  tasks: ReadonlyMap<string, LiveTask>
  selection: Selection
  busy: boolean
  onRetry: (taskIds: readonly string[]) => void
}

/** Why tasks failed, each reason once: twenty failures rarely have twenty reasons. */
export function FailureList({ tasks, selection, busy, onRetry }: FailureListProps) {
  const groups = useMemo(() => failureGroups(tasks.values()), [tasks])
  const { shown, left, more } = usePaging(groups, 5)
  const all = groups.flatMap((group) => group.tasks)
  if (all.length < 2) return null
  return (
    <section
      aria-label="Failures by error"
      className="mb-4 overflow-hidden rounded-lg border border-line bg-surface"
    >
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line py-1.5 pr-3 pl-2">
        <GroupBox
          label="Select all that failed"
          tasks={all}
          selection={selection}
          className="-my-1"
        />
        <h2 className="min-w-0 flex-1 font-medium">
          {plural(all.length, 'task')} did not succeed, for{' '}
          {groups.length === 1 ? 'one reason' : `${formatCount(groups.length)} reasons`}
        </h2>
        <Button small busy={busy} onClick={() => onRetry(all)}>
          <RotateCcw className="size-3.5" aria-hidden />
          Retry all {formatCount(all.length)}
        </Button>
      </div>
      <ul className="divide-y divide-line">
        {shown.map((group) => (
          <li key={group.key} className="flex items-start gap-2 py-1.5 pr-3 pl-2">
            <GroupBox
              label={`Select ${plural(group.tasks.length, 'task')} that failed with ${group.code}`}
              tasks={group.tasks}
              selection={selection}
              className="-my-0.5"
            />
            <span className="tabular w-10 shrink-0 text-right font-medium">
              {formatCount(group.tasks.length)} ×
            </span>
            <div className="min-w-0 flex-1">
              <p className="break-words">
                <code className="mr-2 font-mono text-xs text-failed">{group.code}</code>
                {group.message}
              </p>
              <p className="mt-0.5 flex flex-wrap gap-1">
                {group.tasks.slice(0, SHOWN_TASKS).map((taskId) => (
                  <TaskLink key={taskId} taskId={taskId} />
                ))}
                {group.tasks.length > SHOWN_TASKS && (
                  <span className="text-xs leading-5 text-ink-3">
                    and {formatCount(group.tasks.length - SHOWN_TASKS)} more
                  </span>
                )}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {left > 0 && (
        <div className="px-3 pb-3">
          <MoreButton left={left} onClick={more} />
        </div>
      )}
    </section>
  )
}

function GroupBox(props: {
  label: string
  tasks: readonly string[]
  selection: Selection
  className?: string
}) {
  const { tasks, selection } = props
  const chosen = tasks.filter((id) => selection.ids.has(id)).length
  return (
    <Checkbox
      label={props.label}
      checked={chosen === tasks.length}
      mixed={chosen > 0 && chosen < tasks.length}
      onChange={() => {
        if (!selection.choosing) selection.choose(true)
        selection.toggle(tasks)
      }}
      {...(props.className === undefined ? {} : { className: props.className })}
    />
  )
}
