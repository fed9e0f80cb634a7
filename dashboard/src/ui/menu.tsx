import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { classNames } from './class-names.ts'

export function Menu(props: { trigger: ReactElement; children: ReactNode }) {
  return (
    <Base.Root>
      <Base.Trigger render={props.trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align="end" className="z-50 outline-none">
          <Base.Popup className="min-w-48 rounded-lg border border-line bg-surface p-1 text-ink shadow-float outline-none">
            {props.children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

interface MenuItemProps {
  onSelect: () => void
  children: ReactNode
  hint?: string
  danger?: boolean
  disabled?: boolean
}

export function MenuItem({ onSelect, children, hint, danger, disabled }: MenuItemProps) {
  return (
    <Base.Item
      onClick={onSelect}
      disabled={disabled ?? false}
      className={classNames(
        'flex w-full cursor-default items-center justify-between gap-6 rounded px-2.5 py-1.5 outline-none select-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover',
        danger && 'text-failed',
      )}
    >
      <span className="flex items-center gap-2">{children}</span>
      {hint !== undefined && <span className="text-xs text-ink-3">{hint}</span>}
    </Base.Item>
  )
}

export function MenuSeparator() {
  return <Base.Separator className="my-1 h-px bg-line" />
}
