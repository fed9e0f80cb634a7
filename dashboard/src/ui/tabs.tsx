import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'

export interface TabItem {
  value: string
  label: string
  /** Next to the label: usually a count. */
  note?: string | undefined
  content: ReactNode
}

interface TabsProps {
  label: string
  value: string
  onChange: (value: string) => void
  items: TabItem[]
  className?: string
}

export function Tabs({ label, value, onChange, items, className }: TabsProps) {
  return (
    <Base.Root value={value} onValueChange={(next: string) => onChange(next)} className={className}>
      <Base.List
        aria-label={label}
        className="flex gap-5 overflow-x-auto border-b border-line [scrollbar-width:none]"
      >
        {items.map((item) => (
          <Base.Tab
            key={item.value}
            value={item.value}
            className="-mb-px flex h-10 shrink-0 items-center gap-1.5 border-b-2 border-transparent text-ink-2 outline-offset-[-2px] transition-colors hover:text-ink data-[active]:border-ink data-[active]:font-medium data-[active]:text-ink"
          >
            {item.label}
            {item.note !== undefined && (
              <span className="tabular rounded-full bg-neutral-soft px-1.5 text-xs font-medium text-ink-2">
                {item.note}
              </span>
            )}
          </Base.Tab>
        ))}
      </Base.List>
      {items.map((item) => (
        <Base.Panel key={item.value} value={item.value} className="outline-none">
          {item.value === value && item.content}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
