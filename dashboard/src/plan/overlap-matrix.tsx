import type { Overlap } from '../api/types.ts'
import { plural } from '../format/number.ts'
import { classNames } from '../ui/class-names.ts'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'

/** A larger matrix does not fit a screen; the pairs are still listed. */
const MAX_MATRIX = 40

const KINDS = {
  'write/write': { short: 'WW', label: 'both write', tone: 'bg-failed-soft text-failed' },
  'read/write': {
    short: 'RW',
    label: 'one reads what the other writes',
    tone: 'bg-incomplete-soft text-incomplete',
  },
} as const

/** Which tasks touch the same files, and how. */
export function OverlapMatrix({ overlaps }: { overlaps: readonly Overlap[] }) {
  const tasks = [...new Set(overlaps.flatMap((overlap) => overlap.tasks))]
  const pairs = Map.groupBy(overlaps, (overlap) => pairKey(overlap.tasks))
  const { shown, left, more } = usePaging(overlaps, 30)
  return (
    <div className="space-y-5">
      {tasks.length <= MAX_MATRIX && (
        <ScrollRegion label="Overlap matrix" className="overflow-x-auto">
          <table className="border-separate border-spacing-0.5 text-xs">
            <thead>
              <tr>
                <td />
                {tasks.map((task, index) => (
                  <th
                    key={task}
                    scope="col"
                    title={task}
                    className="tabular h-6 w-9 font-medium text-ink-3"
                  >
                    <span aria-hidden>{index + 1}</span>
                    <span className="sr-only">{task}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {tasks.map((row, index) => (
                <tr key={row}>
                  <th scope="row" className="max-w-48 truncate pr-3 text-left font-normal">
                    <span
                      className="tabular mr-2 inline-block w-5 text-right text-ink-3"
                      aria-hidden
                    >
                      {index + 1}
                    </span>
                    <span className="font-mono">{row}</span>
                  </th>
                  {tasks.map((column) => (
                    <MatrixCell
                      key={column}
                      same={row === column}
                      overlaps={pairs.get(pairKey([row, column])) ?? []}
                    />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      <ul className="divide-y divide-line border-y border-line text-sm">
        {shown.map((overlap) => (
          <li key={pairKey(overlap.tasks) + overlap.kind} className="py-2.5">
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <KindBadge kind={overlap.kind} />
              <span className="font-mono text-xs">{overlap.tasks[0]}</span>
              <span className="text-ink-3">and</span>
              <span className="font-mono text-xs">{overlap.tasks[1]}</span>
              <span className="text-ink-2">
                {KINDS[overlap.kind].label}
                {overlap.kind === 'read/write' && ':'} {plural(overlap.fileCount, 'file')}
              </span>
            </p>
            <p className="mt-1 font-mono text-xs leading-5 break-all text-ink-3">
              {overlap.files.join('  ')}
              {overlap.fileCount > overlap.files.length && ' …'}
            </p>
          </li>
        ))}
      </ul>
      <MoreButton left={left} onClick={more} />
    </div>
  )
}

/**
 * Two tasks may both write one file, and read another that only one of them writes: show the worse.
 */
function MatrixCell({ same, overlaps }: { same: boolean; overlaps: readonly Overlap[] }) {
  const worst = overlaps.find(({ kind }) => kind === 'write/write') ?? overlaps[0]
  if (worst === undefined) {
    return <td className={classNames('h-7 w-9 rounded-sm', same ? 'bg-line' : 'bg-sunken')} />
  }
  const said = overlaps.map(
    ({ kind, fileCount }) => `${KINDS[kind].label}: ${plural(fileCount, 'file')}`,
  )
  return (
    <td
      title={`${worst.tasks.join(' and ')}: ${said.join('; ')}`}
      className={classNames('h-7 w-9 rounded-sm text-center font-medium', KINDS[worst.kind].tone)}
    >
      {KINDS[worst.kind].short}
    </td>
  )
}

function KindBadge({ kind }: { kind: Overlap['kind'] }) {
  return (
    <span className={classNames('rounded px-1.5 text-xs leading-5 font-medium', KINDS[kind].tone)}>
      {kind}
    </span>
  )
}

function pairKey(tasks: readonly string[]): string {
  return tasks.toSorted().join(' ')
}
