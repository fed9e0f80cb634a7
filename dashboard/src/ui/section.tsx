import type { ReactNode } from 'react'

/** A titled part of a page. */
export function Section(props: {
  title: string
  note?: ReactNode
  aside?: ReactNode
  children: ReactNode
  id?: string
}) {
  return (
    <section id={props.id} className="min-w-0">
      <div className="mb-3 flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <h2 className="text-base font-semibold">{props.title}</h2>
        {props.note !== undefined && <span className="text-sm text-ink-3">{props.note}</span>}
        {props.aside !== undefined && <div className="ml-auto">{props.aside}</div>}
      </div>
      {props.children}
    </section>
  )
}
