import { Switch as Base } from '@base-ui/react/switch'
import { useId } from 'react'

interface SwitchProps {
  label: string
  checked: boolean
  onChange: (checked: boolean) => void
}

export function Switch({ label, checked, onChange }: SwitchProps) {
  const id = useId()
  return (
    <div className="flex h-9 items-center gap-2.5">
      <Base.Root
        aria-labelledby={id}
        checked={checked}
        onCheckedChange={onChange}
        className="flex h-5 w-9 shrink-0 items-center rounded-full bg-line-strong p-0.5 transition-colors data-[checked]:bg-running"
      >
        <Base.Thumb className="size-4 rounded-full bg-surface transition-transform data-[checked]:translate-x-4" />
      </Base.Root>
      <button
        type="button"
        id={id}
        tabIndex={-1}
        className="text-left text-[0.8125rem] font-medium text-ink-2"
        onClick={() => onChange(!checked)}
      >
        {label}
      </button>
    </div>
  )
}
