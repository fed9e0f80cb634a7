import type { ReactNode, Ref } from 'react'

interface ScrollRegionProps {
  label: string
  className?: string
  ref?: Ref<HTMLElement>
  children: ReactNode
}

/**
 * Scrolls separately without containing anything focusable, so it is focusable itself for keyboard
 * scrolling.
 */
export function ScrollRegion({ label, className, ref, children }: ScrollRegionProps) {
  return (
    <section ref={ref} aria-label={label} tabIndex={0} className={className}>
      {children}
    </section>
  )
}
