import type { ReactNode, Ref } from 'react'

interface ScrollRegionProps {
  label: string
  className?: string
  ref?: Ref<HTMLElement>
  children: ReactNode
}

/** What scrolls by itself and holds nothing to focus: reachable by keyboard, so that it can be scrolled. */
export function ScrollRegion({ label, className, ref, children }: ScrollRegionProps) {
  return (
    <section ref={ref} aria-label={label} tabIndex={0} className={className}>
      {children}
    </section>
  )
}
