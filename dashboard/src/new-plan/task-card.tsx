import { ChevronRight, Copy, Trash2 } from 'lucide-react'
import { IconButton } from '../ui/button.tsx'
import type { TaskDraft } from './draft.ts'
import { useFieldError } from './field-errors.tsx'
import { TaskForm } from './task-form.tsx'

interface TaskCardProps {
  task: TaskDraft
  index: number
  /** Whether it starts expanded. */
  open: boolean
  onChange: (task: TaskDraft) => void
  onCopy: () => void
  onRemove: () => void
}

export function TaskCard({ task, index, open, onChange, onCopy, onRemove }: TaskCardProps) {
  const path = `/tasks/${index}`
  const error = useFieldError(path)
  const name = task.description ?? task.id ?? task.task ?? task.prompt ?? ''
  return (
    <div className="relative rounded-lg border border-line bg-surface">
      <details open={open || error !== undefined} className="group">
        <summary className="flex list-none items-center gap-2 py-2.5 pr-24 pl-3 [&::-webkit-details-marker]:hidden">
          <ChevronRight
            className="size-4 shrink-0 text-ink-3 transition-transform group-open:rotate-90"
            aria-hidden
          />
          <span className="tabular text-ink-3">{index + 1}</span>
          <span className="truncate font-medium">{name === '' ? 'New task' : name}</span>
          {error !== undefined && <span className="text-xs text-failed">needs attention</span>}
        </summary>
        <div className="border-t border-line p-4">
          <TaskForm task={task} path={path} onChange={onChange} />
        </div>
      </details>
      <div className="absolute top-1.5 right-2 flex">
        <IconButton label={`Copy task ${index + 1}`} onClick={onCopy}>
          <Copy className="size-4" aria-hidden />
        </IconButton>
        <IconButton label={`Remove task ${index + 1}`} onClick={onRemove}>
          <Trash2 className="size-4" aria-hidden />
        </IconButton>
      </div>
    </div>
  )
}
