import { type ReactNode, useEffect, useRef } from 'react'

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded border border-line bg-paper px-1.5 font-mono text-[0.6875rem] text-ink-2">
      {children}
    </kbd>
  )
}

/** Actions by `event.key`. */
export type Shortcuts = readonly (readonly [key: string, action: () => void])[]

/**
 * Single-key shortcuts. Ignored while text is being typed, a dialog is open or a modifier is held,
 * because those keys belong to the field, the dialog or the browser.
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  const current = useRef(shortcuts)
  current.current = shortcuts
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return
      const action = current.current.find(([key]) => key === event.key)?.[1]
      if (action === undefined || isTyping(event.target) || dialogIsOpen(event)) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

function dialogIsOpen(event: KeyboardEvent): boolean {
  const open = document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')
  return open !== null && event.key !== 'Escape'
}
