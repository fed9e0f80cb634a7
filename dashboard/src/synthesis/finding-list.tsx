import { useMemo } from 'react'
import type { LedgerEntry, SynthesisFinding } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import { SEVERITIES } from '../plan/plan-search.ts'
import { usePlanSearch } from '../plan/use-plan-search.ts'
import { FilterChips } from '../ui/filter-chips.tsx'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { Section } from '../ui/section.tsx'
import { FindingItem } from './finding-item.tsx'

interface FindingListProps {
  findings: readonly SynthesisFinding[]
  ledger: readonly LedgerEntry[]
  /** The finding that a link led to: expanded, and scrolled to. */
  shown: string | undefined
}

export function FindingList({ findings, ledger, shown }: FindingListProps) {
  const [{ severity }, changeSearch] = usePlanSearch()
  const refs = useMemo(() => refsByFinding(ledger), [ledger])
  const wanted = findings.find(({ id }) => id === shown)
  const filtered = findings.filter(
    (finding) => severity === undefined || finding.severity === severity || finding === wanted,
  )
  const paging = usePaging(filtered, 100)
  // A linked finding is shown even if it is far down the list.
  const visible =
    wanted === undefined || paging.shown.includes(wanted) ? paging.shown : [wanted, ...paging.shown]

  return (
    <Section
      title="Findings"
      note={findings.length === 0 ? 'None' : `${formatCount(findings.length)}, worst first`}
      aside={
        findings.length > 3 && (
          <FilterChips
            label="Show findings by severity"
            chips={[
              { value: '', label: 'All' },
              ...SEVERITIES.map((name) => ({
                value: name,
                label: name,
                count: findings.filter((finding) => finding.severity === name).length,
              })).filter((chip) => chip.count > 0),
            ]}
            isOn={(value) => (severity ?? '') === value}
            onToggle={(value) => {
              const next = SEVERITIES.find((name) => name === value && name !== severity)
              // Otherwise a linked finding would stay in the list.
              changeSearch({ severity: next, finding: undefined })
            }}
          />
        )
      }
    >
      {findings.length > 0 && (
        <ul className="divide-y divide-line border-y border-line">
          {visible.map((finding) => (
            <FindingItem
              key={finding.id}
              finding={finding}
              refs={refs.get(finding.id) ?? []}
              open={finding.id === shown}
            />
          ))}
        </ul>
      )}
      <MoreButton left={paging.left} onClick={paging.more} />
    </Section>
  )
}

function refsByFinding(ledger: readonly LedgerEntry[]): Map<string, LedgerEntry[]> {
  const refs = new Map<string, LedgerEntry[]>()
  for (const entry of ledger) {
    if (entry.into === undefined) continue
    const known = refs.get(entry.into)
    if (known === undefined) refs.set(entry.into, [entry])
    else known.push(entry)
  }
  return refs
}
