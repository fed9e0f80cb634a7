import { formatCount } from '../format/number.ts'

const LANES = 14
const LANE = 11
const WIDTH = 300

/** A diagram of a plan's order: tasks in one column may run at the same time. */
export function WaveDiagram({ waves }: { waves: readonly (readonly string[])[] }) {
  const columns = waves.slice(0, 12)
  const step = WIDTH / columns.length
  const lanes = Math.min(LANES, Math.max(...columns.map((wave) => wave.length), 1))
  const height = lanes * LANE + 4
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH + 14} ${height}`}
        className="h-auto w-full max-w-xl"
        role="img"
        aria-label={waves
          .map((wave, index) => `Wave ${index + 1}: ${wave.length} tasks`)
          .join(', ')}
      >
        {columns.map((wave, column) =>
          wave.slice(0, LANES).map((task, lane) => (
            <rect
              key={task}
              x={column * step + 1}
              y={lane * LANE + 2}
              width={Math.max(4, step - 5)}
              height={LANE - 4}
              rx="2.5"
              className={
                lane === LANES - 1 && wave.length > LANES ? 'fill-queued-bar' : 'fill-running'
              }
            >
              <title>{task}</title>
            </rect>
          )),
        )}
        <rect x={WIDTH + 3} y="1" width="1.2" height={height - 2} className="fill-ink-3" />
        <rect x={WIDTH + 7} y="1" width="4" height={height - 2} className="fill-ink" />
      </svg>
      <figcaption className="tabular mt-2 text-xs text-ink-3">
        {columns.map((wave) => formatCount(wave.length)).join(' then ')}
        {waves.length > columns.length && ` and ${waves.length - columns.length} more waves`}, then
        the synthesis
      </figcaption>
    </figure>
  )
}
