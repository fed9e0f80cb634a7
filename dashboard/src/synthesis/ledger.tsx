import type { LedgerEntry } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import { FATES } from '../plan/plan-search.ts'
import { usePlanSearch } from '../plan/use-plan-search.ts'
import { TaskLink } from '../task/task-link.tsx'
import { FilterChips } from '../ui/filter-chips.tsx'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { Section } from '../ui/section.tsx'
import { taskOf } from './finding-item.tsx'
import { FindingLink } from './finding-link.tsx'

/** What became of every finding of every task. */
export function Ledger({ ledger }: { ledger: readonly LedgerEntry[] }) {
  const [{ fate }, changeSearch] = usePlanSearch()
  const filtered = fate === undefined ? ledger : ledger.filter((entry) => entry.fate === fate)
  const { shown, left, more } = usePaging(filtered, 60)
  if (ledger.length === 0) return null
  return (
    <Section
      title="Ledger"
      note={`${formatCount(ledger.length)} task findings, each accounted for once`}
      aside={
        <FilterChips
          label="Show ledger entries by fate"
          chips={[
            { value: '', label: 'All' },
            ...FATES.map((name) => ({
              value: name,
              label: name,
              count: ledger.filter((entry) => entry.fate === name).length,
            })),
          ]}
          isOn={(value) => (fate ?? '') === value}
          onToggle={(value) =>
            changeSearch({ fate: FATES.find((name) => name === value && name !== fate) })
          }
        />
      }
    >
      <div className="overflow-x-auto">
        <table className="w-full min-w-[28rem] text-left text-sm">
          <thead className="eyebrow border-b border-line">
            <tr>
              <th className="py-1.5 pr-4 font-medium">Task finding</th>
              <th className="py-1.5 pr-4 font-medium">Fate</th>
              <th className="py-1.5 pr-4 font-medium">In</th>
              <th className="w-full py-1.5 font-medium">Reason</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {shown.map((entry) => (
              <tr key={entry.finding} className="align-top">
                <td className="py-1.5 pr-4 whitespace-nowrap">
                  <TaskLink taskId={taskOf(entry.finding)} finding={entry.finding} />
                </td>
                <td className="py-1.5 pr-4">{entry.fate}</td>
                <td className="py-1.5 pr-4">
                  {entry.into !== undefined && <FindingLink finding={entry.into} />}
                </td>
                <td className="py-1.5 text-ink-2">{entry.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MoreButton left={left} onClick={more} />
    </Section>
  )
}
