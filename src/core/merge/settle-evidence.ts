import type { LedgerEntry, SynthesisFinding } from '../contract/synthesis.ts'
import type { EvidenceCheck, Verification, Vote } from '../contract/verification.ts'
import type { SynthesisDraft } from '../ports/models.ts'
import { byRank } from './rank-findings.ts'
import { putBack, type Reported } from './settle-findings.ts'

/** What was checked in the plan's files, and how verifiers voted. Plain data. */
export interface Evidence {
  /** By the ref of a finding. */
  checks: Record<string, EvidenceCheck[]>
  /** Findings refuted by the files, or by votes on the finding they were merged into. */
  refuted: (Reported & { reason: string; ballot?: Ballot })[]
  /** By the ref of each source of a finding that was voted on. */
  ballots?: Record<string, Ballot>
}

/** The votes on one finding of the synthesis, and what the majority says. */
export interface Ballot extends Pick<Verification, 'status'> {
  /** The source that the finding was judged by. */
  kept: string
  votes: Vote[]
}

/**
 * A merged finding is as well verified as the best of its sources; a majority of votes overrides
 * that.
 */
export function verificationOf(from: readonly string[], evidence: Evidence): Verification {
  const { status, checks } = checksOf(from, evidence)
  const ballots = from.flatMap((ref) => evidence.ballots?.[ref] ?? [])
  const ballot = ballots.find((each) => each.status === 'confirmed') ?? ballots[0]
  if (ballot === undefined) return { status, checks }
  const decided = ballot.status === 'unverified' ? status : ballot.status
  return { status: decided, votes: ballot.votes, checks }
}

function checksOf(from: readonly string[], { checks }: Evidence): Verification {
  const each = from.map((ref) => checks[ref] ?? [])
  const quoted = each.find((some) => some.some(({ kind, holds }) => kind === 'quote' && holds))
  if (quoted !== undefined) return { status: 'confirmed', checks: quoted }
  const most = each.reduce<EvidenceCheck[]>((a, b) => (b.length > a.length ? b : a), [])
  return { status: 'unverified', checks: most }
}

/**
 * The refuted findings, ranked below all others. Those with the same title and place, or from one
 * ballot, become one.
 */
export function refutedFindings(
  { checks, refuted }: Evidence,
  firstNumber: number,
): { findings: SynthesisFinding[]; ledger: LedgerEntry[] } {
  const alike = new Map<string, Evidence['refuted']>()
  for (const each of refuted) {
    const { title, file, line } = each.finding
    const key = each.ballot?.kept ?? JSON.stringify([title.toLowerCase(), file, line])
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
    const votes = first?.ballot?.votes
    return {
      id,
      ...finding,
      verification: {
        status: 'refuted',
        ...(votes === undefined ? {} : { votes }),
        checks: checks[first?.ref ?? ''] ?? [],
      },
    }
  })
  return { findings, ledger }
}

/**
 * Removes refuted findings from a draft that was written before they were refuted, together with
 * actions that were about nothing else.
 */
export function leaveOutRefuted(
  draft: SynthesisDraft,
  { refuted }: Evidence,
): { draft: SynthesisDraft; changed: boolean } {
  const gone = new Set(refuted.map(({ ref }) => ref))
  const places = new Map<number, number>()
  const findings = draft.findings.flatMap((finding, index) => {
    const from = finding.from.filter((ref) => !gone.has(ref))
    if (from.length === 0 && finding.from.length > 0) return []
    places.set(index, places.size)
    return [{ ...finding, from }]
  })
  const changed = findings.length < draft.findings.length
  const dropped = draft.dropped.filter(({ finding }) => !gone.has(finding))
  if (!changed) return { draft: { ...draft, findings, dropped }, changed }
  const actions = draft.actions.flatMap((action) => {
    // Indexes that the draft does not have are kept here; they are repaired and noted when it is
    // settled.
    const kept = action.findings.flatMap((index) =>
      index < draft.findings.length ? (places.get(index) ?? []) : [index],
    )
    if (action.findings.length > 0 && kept.length === 0) return []
    return [{ ...action, findings: kept }]
  })
  return { draft: { ...draft, findings, dropped, actions }, changed }
}
