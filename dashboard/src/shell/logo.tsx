/** Voices that start together, and the bar line at which they have all arrived. */
export function Logo() {
  return (
    <svg viewBox="0 0 22 20" className="h-5 w-auto" aria-hidden focusable="false">
      <g className="fill-running">
        <rect x="0" y="1" width="11" height="3" rx="1.5" />
        <rect x="0" y="6" width="16" height="3" rx="1.5" />
        <rect x="0" y="11" width="8" height="3" rx="1.5" />
        <rect x="0" y="16" width="13" height="3" rx="1.5" />
      </g>
      <rect x="19" y="0" width="2.5" height="20" rx="1.25" className="fill-ink" />
    </svg>
  )
}
