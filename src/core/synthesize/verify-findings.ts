import { BUDGET_EXHAUSTED, PROVIDER_QUOTA } from '../budget/allowance.ts'
import { shareOf } from '../budget/share.ts'
import { refOf, severityRank } from '../contract/findings.ts'
import { MAX_JUDGED } from '../contract/limits.ts'
import type { VerifyPolicy } from '../contract/submission.ts'
import type { Synthesis } from '../contract/synthesis.ts'
import { usageTally } from '../contract/usage.ts'
import type { Vote } from '../contract/verification.ts'
import { countOf } from '../merge/draft-findings.ts'
import type { Ballot, Evidence } from '../merge/settle-evidence.ts'
import type { Reported } from '../merge/settle-findings.ts'
import { reportedBy } from '../merge/synthesis-part.ts'
import type { Claim, ClaimVerifier, TaskResult } from '../ports/models.ts'
import { type ClaimDeps, claimsOf } from './claims.ts'
import { type DraftDeps, inTries, STOPPED, type Writing, whyNotAsked } from './draft-synthesis.ts'

export interface VerifyFindingsDeps extends ClaimDeps, Pick<DraftDeps, 'pause' | 'onFault'> {
  /** Absent if no model is configured. */
  verifier: ClaimVerifier | undefined
}

/** The input for settling a synthesis. */
interface Settled {
  results: TaskResult[]
  evidence?: Evidence | undefined
}

const AT_ONCE = 8
const TIMEOUT_MS = 3 * 60_000

/** After this many findings in a row at which the model failed, the rest are not judged. */
const MAX_FAILURES = 5

/** Failures after which no other call can succeed. */
const ENDS_ALL: ReadonlySet<string> = new Set([BUDGET_EXHAUSTED, PROVIDER_QUOTA])

/**
 * Has independent model calls judge the findings of a synthesis, the most important first, each
 * until a majority of its votes agree. Findings that a majority refutes are removed from the
 * results. `notes` says which were not judged, and why.
 */
export async function verifyFindings(
  deps: VerifyFindingsDeps,
  writing: Writing,
  verify: VerifyPolicy,
  { findings, ledger }: Pick<Synthesis, 'findings' | 'ledger'>,
  settled: Settled,
  notes: string[],
): Promise<Settled> {
  const evidence: Evidence = settled.evidence ?? { checks: {}, refuted: [] }
  const least = severityRank(verify.minSeverity)
  const wanted = findings.filter(
    ({ severity, verification }) =>
      severityRank(severity) <= least && verification?.status !== 'refuted',
  )
  const unjudged = new Unjudged(verify.minSeverity)
  const whyNone = whyNoneIsJudged(deps, writing)
  if (wanted.length === 0) return { results: settled.results, evidence }
  if (whyNone !== undefined || deps.verifier === undefined) {
    unjudged.add(whyNone ?? 'model-not-configured', wanted.length)
    notes.push(...unjudged.notes())
    return { results: settled.results, evidence }
  }

  const reported = reportedBy(settled.results)
  const sources = new Map<string, string[]>()
  for (const { finding, fate, into } of ledger) {
    if (into === undefined) continue
    const some = sources.get(into) ?? []
    // The source whose text is judged comes first.
    sources.set(into, fate === 'kept' ? [finding, ...some] : [...some, finding])
  }
  const placed = wanted.slice(0, MAX_JUDGED).flatMap(({ id, file, line }) => {
    const refs = sources.get(id) ?? []
    const own = reported.get(refs[0] ?? '')
    return own === undefined ? [] : [{ refs, own, file, line }]
  })
  unjudged.add('limit', wanted.length - MAX_JUDGED)
  const claims = await claimsOf(deps, writing, placed, settled.results)
  const waiting = placed.flatMap(({ refs }, index) => {
    const claim = claims[index]
    return claim === undefined ? [] : [{ refs, claim }]
  })
  unjudged.add('no-file', placed.length - waiting.length)
  const ballots = await voteOn(deps, deps.verifier, writing, verify, waiting, unjudged)
  notes.push(...unjudged.notes())
  return withBallots(settled.results, { ...evidence, ballots }, reported)
}

function whyNoneIsJudged({ verifier }: VerifyFindingsDeps, writing: Writing): string | undefined {
  if (writing.job.kind === 'preliminary') return 'preliminary'
  return verifier === undefined ? 'model-not-configured' : whyNotAsked(writing)
}

async function voteOn(
  deps: VerifyFindingsDeps,
  verifier: ClaimVerifier,
  writing: Writing,
  verify: VerifyPolicy,
  claims: { refs: string[]; claim: Claim }[],
  unjudged: Unjudged,
): Promise<Record<string, Ballot>> {
  const { plan, usage, allowance } = writing
  const spent = usageTally()
  const budgetUsd = plan.budgetUsd ?? plan.spec.policy.budgetUsd
  const share =
    allowance === undefined || budgetUsd === undefined
      ? undefined
      : shareOf(allowance, budgetUsd * verify.maxShare, () => spent.total().costUsd)
  const ask = (claim: Claim) =>
    inTries(deps, writing, TIMEOUT_MS, (signal) => {
      const [whole, own] = [usage.meter(), spent.meter()]
      return verifier(claim, {
        model: verify.model,
        signal,
        onUsage(latest) {
          own(latest)
          whole(latest)
        },
        allowance: share,
      })
    })
  const ballots: Record<string, Ballot> = {}
  const waiting = [...claims]
  let failures = 0
  let over: string | undefined
  const isStopped = () => writing.signal.aborted || writing.cancelled.aborted
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (isStopped()) over = STOPPED
      if (over !== undefined) {
        unjudged.add(over, 1)
        continue
      }
      const { refs, claim } = next
      const { votes, failure } = await poll(() => ask(claim), verify.votes)
      if (failure === undefined) failures = 0
      else {
        failures += 1
        if (isStopped()) over = STOPPED
        else if (ENDS_ALL.has(failure) || failures >= MAX_FAILURES) over ??= failure
        unjudged.add(isStopped() ? STOPPED : failure, 1)
      }
      if (votes.length === 0) continue
      const ballot: Ballot = {
        kept: refs[0] ?? '',
        votes,
        status: failure === undefined ? statusOf(votes, verify.votes) : 'unverified',
      }
      for (const ref of refs) ballots[ref] = ballot
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return ballots
}

/** Asks until a majority of all votes agree, or can no longer do so. */
async function poll(
  ask: () => Promise<{ value: Vote } | { failure: string }>,
  most: number,
): Promise<{ votes: Vote[]; failure?: string }> {
  const votes: Vote[] = []
  while (votes.length < most) {
    const answer = await ask()
    if ('failure' in answer) return { votes, failure: answer.failure }
    votes.push(answer.value)
    const leading = Math.max(...votes.map(({ verdict }) => countFor(votes, verdict)))
    if (leading >= majorityOf(most) || leading + most - votes.length < majorityOf(most)) break
  }
  return { votes }
}

function statusOf(votes: readonly Vote[], most: number): Ballot['status'] {
  for (const verdict of ['confirmed', 'refuted'] as const) {
    if (countFor(votes, verdict) >= majorityOf(most)) return verdict
  }
  return 'unverified'
}

function countFor(votes: readonly Vote[], verdict: Vote['verdict']): number {
  return votes.filter((vote) => vote.verdict === verdict).length
}

function majorityOf(votes: number): number {
  return Math.floor(votes / 2) + 1
}

/** Removes the sources of refuted findings from the results. */
function withBallots(
  results: readonly TaskResult[],
  evidence: Evidence & { ballots: Record<string, Ballot> },
  reported: ReadonlyMap<string, Reported>,
): Settled {
  const refuted = Object.entries(evidence.ballots).flatMap(([ref, ballot]) => {
    const source = reported.get(ref)
    if (source === undefined || ballot.status !== 'refuted') return []
    return [{ ...source, reason: reasonOf(ballot), ballot }]
  })
  const gone = new Set(refuted.map(({ ref }) => ref))
  return {
    results: results.map((result) => {
      const kept = result.findings
        .map((finding, index) => ({ finding, ref: refOf(result, index) }))
        .filter(({ ref }) => !gone.has(ref))
      if (kept.length === result.findings.length) return result
      return {
        ...result,
        findings: kept.map(({ finding }) => finding),
        refs: kept.map(({ ref }) => ref),
      }
    }),
    evidence: { ...evidence, refuted: [...evidence.refuted, ...refuted] },
  }
}

function reasonOf({ votes }: Ballot): string {
  const against = votes.filter(({ verdict }) => verdict === 'refuted')
  const how = `${against.length} of ${countOf(votes.length, 'vote')}`
  return `Refuted by ${how}: ${against[0]?.reason ?? ''}`
}

/** Counts findings that should have been judged but were not, by reason. */
class Unjudged {
  readonly #counts = new Map<string, number>()
  readonly #minSeverity: string

  constructor(minSeverity: string) {
    this.#minSeverity = minSeverity
  }

  add(reason: string, count: number): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count)
  }

  notes(): string[] {
    const from = this.#minSeverity === 'critical' ? '' : ' or more severe'
    return [...this.#counts].map(
      ([reason, count]) =>
        `${countOf(count, 'finding')} (${this.#minSeverity}${from}) not verified: ${whyNot(reason)}.`,
    )
  }
}

function whyNot(reason: string): string {
  switch (reason) {
    case 'preliminary':
      return 'only the final version is verified'
    case 'no-file':
      return 'no unchanged file of the workspace could be shown to a verifier'
    case 'limit':
      return `at most ${MAX_JUDGED} are verified, the most important first`
    case BUDGET_EXHAUSTED:
      return 'the share of the budget that `policy.verify` allows, or the budget itself, is used up'
    case PROVIDER_QUOTA:
      return "the quota of the model's provider is used up"
    case STOPPED:
      return 'the plan was stopped'
    default:
      return `the model did not answer (${reason})`
  }
}
