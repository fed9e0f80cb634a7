import { formatCount } from '../format/number.ts'
import { classNames } from './class-names.ts'
import { StatusIcon } from './status.tsx'

interface Chip {
  value: string
  label: string
  /** Shows the status's icon. */
  status?: string
  count?: number
}

interface FilterChipsProps {
  label: string
  chips: Chip[]
  isOn: (value: string) => boolean
  onToggle: (value: string) => void
}

export function FilterChips({ label, chips, isOn, onToggle }: FilterChipsProps) {
  return (
    <fieldset className="flex min-w-0 gap-1 overflow-x-auto py-1 [scrollbar-width:none]">
      <legend className="sr-only">{label}</legend>
      {chips.map((chip) => (
        <button
          key={chip.value}
          type="button"
          aria-pressed={isOn(chip.value)}
          onClick={() => onToggle(chip.value)}
          className={classNames(
            'inline-flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-2.5 text-[0.8125rem] outline-offset-[-2px] transition-colors',
            isOn(chip.value)
              ? 'border-ink bg-surface font-medium text-ink'
              : 'border-transparent text-ink-2 hover:bg-hover hover:text-ink',
          )}
        >
          {chip.status !== undefined && <StatusIcon status={chip.status} className="size-3.5" />}
          {chip.label}
          {chip.count !== undefined && (
            <span className="tabular text-ink-3">{formatCount(chip.count)}</span>
          )}
        </button>
      ))}
    </fieldset>
  )
}
