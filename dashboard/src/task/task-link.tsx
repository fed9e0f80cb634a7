import { Link, useParams } from '@tanstack/react-router'
import { classNames } from '../ui/class-names.ts'

interface TaskLinkProps {
  taskId: string
  /** `security/2`, to be shown in the task's panel. */
  finding?: string
  className?: string
  children?: string
}

/** Opens a task's panel next to the current view of its plan. */
export function TaskLink({ taskId, finding, className, children }: TaskLinkProps) {
  const { planId } = useParams({ from: '/plans/$planId' })
  return (
    <Link
      to="/plans/$planId"
      params={{ planId }}
      search={(before) => ({ ...before, task: taskId, finding })}
      resetScroll={false}
      className={classNames(
        'inline-flex max-w-full items-center rounded border border-line bg-surface px-1.5 font-mono text-xs leading-5 text-ink-2 hover:border-line-strong hover:text-ink',
        className,
      )}
    >
      <span className="truncate">{children ?? finding ?? taskId}</span>
    </Link>
  )
}
