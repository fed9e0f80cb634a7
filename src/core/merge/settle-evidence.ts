import type { LedgerEntry, SynthesisFinding } from '../contract/synthesis.ts'
import type { EvidenceCheck, Verification } from '../contract/verification.ts'
import type { SynthesisDraft } from '../ports/models.ts'
import { byRank } from './rank-findings.ts'
import { putBack, type Reported } from './settle-findings.ts'

/** What was looked up in the plan's files before its findings were merged. Plain data. */
export interface Evidence {
  /** By the ref of a finding. */
  checks: Record<string, EvidenceCheck[]>
  /** Findings that say what is not there. They are merged with nothing. */
  refuted: (Reported & { reason: string })[]
}

/** A merged finding holds as well as the best of its sources. */
export function verificationOf(from: readonly string[], { checks }: Evidence): Verification {
  const each = from.map((ref) => checks[ref] ?? [])
  const quoted = each.find((some) => some.some(({ kind, holds }) => kind === 'quote' && holds))
  if (quoted !== undefined) return { status: 'confirmed', checks: quoted }
  const most = each.reduce<EvidenceCheck[]>((a, b) => (b.length > a.length ? b : a), [])
  return { status: 'unverified', checks: most }
}

/** Refuted findings, below all others; those of one title and place are one. */
export function refutedFindings(
  { checks, refuted }: Evidence,
  firstNumber: number,
): { findings: SynthesisFinding[]; ledger: LedgerEntry[] } {
  const alike = new Map<string, Evidence['refuted']>()
  for (const each of refuted) {
    const { title, file, line } = each.finding
    const key = JSON.stringify([title.toLowerCase(), file, line])
    alike.set(key, [...(alike.get(key) ?? []), each])
  }
  const settled = [...alike.values()].flatMap((sources) => {
    const [first] = sources
    if (first === undefined) return []
    const { finding } = putBack(first)
    const tasks = [...new Set(sources.map(({ taskId }) => taskId))]
    return [{ sources, finding: { ...finding, sources: tasks } }]
  })
  const compare = byRank(settled.map(({ finding }) => finding))
  const ranked = settled.sort((a, b) => compare(a.finding, b.finding))
  const ledger: LedgerEntry[] = []
  const findings = ranked.map(({ sources, finding }, index): SynthesisFinding => {
    const id = `f-${firstNumber + index}`
    for (const { ref, reason } of sources)
      ledger.push({ finding: ref, fate: 'refuted', into: id, reason })
    const [first] = sources
    return {
      id,
      ...finding,
      verification: { status: 'refuted', checks: checks[first?.ref ?? ''] ?? [] },
    }
  })
  return { findings, ledger }
}

/**
 * Takes refuted findings out of a draft whose parts were written before they were looked up. What is
 * left without a source goes when the draft is settled.
 */
export function leaveOutRefuted(draft: SynthesisDraft, { refuted }: Evidence): void {
  const gone = new Set(refuted.map(({ ref }) => ref))
  for (const finding of draft.findings) finding.from = finding.from.filter((ref) => !gone.has(ref))
  draft.dropped = draft.dropped.filter(({ finding }) => !gone.has(finding))
}
