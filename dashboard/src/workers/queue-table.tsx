import type { Workers } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'

const COLUMNS = [
  ['active', 'Active'],
  ['waiting', 'Waiting'],
  ['delayed', 'Delayed'],
] as const

/** Keyed by the service's queue names; unknown queues get no description. */
const HOLDS: Record<string, string> = {
  tasks: 'tasks that mostly wait for something else, such as a model',
  bulk: 'tasks of large plans',
  heavy: "tasks that use a worker's own cores",
  syntheses: 'syntheses of plans whose tasks have ended',
  parts: 'parts of syntheses too large for one call',
}

export function QueueTable({ queues }: { queues: Workers['queues'] }) {
  return (
    <ScrollRegion label="Queues" className="overflow-x-auto">
      <table className="w-full min-w-72 text-left">
        <thead className="eyebrow border-b border-line">
          <tr>
            <th className="py-1.5 font-medium">Queue</th>
            {COLUMNS.map(([key, label]) => (
              <th key={key} className="py-1.5 pl-2 text-right sm:pl-4 font-medium">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line border-b border-line">
          {queues.map((queue) => (
            <tr key={queue.name}>
              <th scope="row" className="py-2 font-mono text-[0.8125rem] font-normal">
                {queue.name}
                <span className="block font-sans text-xs text-ink-3">{HOLDS[queue.name]}</span>
              </th>
              {COLUMNS.map(([key]) => (
                <td key={key} className="tabular py-2 pl-2 text-right sm:pl-4">
                  {formatCount(queue[key])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}
