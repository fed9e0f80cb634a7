const VOICES = [
  [8, 60],
  [8, 104],
  [8, 84],
  [8, 122],
  [8, 48],
] as const

/** Five lanes that start together and meet at the bar line. */
export function EnsembleArt() {
  return (
    <svg viewBox="0 0 170 90" className="mb-6 h-24 w-auto" aria-hidden focusable="false">
      {VOICES.map(([x, width], index) => (
        <g key={width}>
          <line
            x1="0"
            x2="150"
            y1={13 + index * 16}
            y2={13 + index * 16}
            className="stroke-line"
            strokeWidth="1"
          />
          <rect
            x={x}
            y={9 + index * 16}
            width={width}
            height="8"
            rx="4"
            className={index === 2 ? 'fill-running' : 'fill-queued-bar'}
          />
        </g>
      ))}
      <rect x="146" y="4" width="2" height="82" className="fill-ink-3" />
      <rect x="151" y="4" width="5" height="82" className="fill-ink" />
    </svg>
  )
}
