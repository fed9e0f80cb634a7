import { RotateCcw, Square } from 'lucide-react'
import { formatCount, plural } from '../format/number.ts'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import type { Selection } from './selection.ts'

interface SelectionBarProps {
  selection: Selection
  /** The tasks that the timeline currently lists. */
  listed: readonly string[]
  busy: boolean
  onRetry: (taskIds: readonly string[]) => void
  onCancel: (taskIds: readonly string[]) => void
}

/** Actions on all selected tasks. */
export function SelectionBar({ selection, listed, busy, onRetry, onCancel }: SelectionBarProps) {
  const { ids, ended, active } = selection
  const chosen = listed.filter((id) => ids.has(id)).length
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line bg-sunken py-1.5 pr-3 pl-1.5">
      <Checkbox
        label="Select all tasks that are listed"
        checked={listed.length > 0 && chosen === listed.length}
        mixed={chosen > 0 && chosen < listed.length}
        onChange={() => selection.toggle(listed)}
      />
      <span className="tabular flex-1 basis-32 text-sm" role="status">
        {plural(ids.size, 'task')} selected
      </span>
      <Button small busy={busy} disabled={ended.length === 0} onClick={() => onRetry(ended)}>
        <RotateCcw className="size-3.5" aria-hidden />
        Retry {formatCount(ended.length)}
      </Button>
      <Button small busy={busy} disabled={active.length === 0} onClick={() => onCancel(active)}>
        <Square className="size-3" aria-hidden />
        Cancel {formatCount(active.length)}
      </Button>
      <Button small variant="ghost" onClick={() => selection.choose(false)}>
        Done
      </Button>
    </div>
  )
}
