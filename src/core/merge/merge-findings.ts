import { type Finding, refOf, severityRank } from '../contract/findings.ts'
import { NO_USAGE } from '../contract/usage.ts'
import { withFindings } from '../findings/extract-findings.ts'
import { placeOf } from '../findings/places.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import { jaccard, stems } from '../text/words.ts'
import { clusterFindings } from './clusters/cluster-findings.ts'
import { findConflicts } from './conflicts/find-conflicts.ts'
import { type DraftFinding, oneLine, tasksOfRefs } from './draft-findings.ts'
import { type AdvisedFinding, rankActions } from './rank-actions.ts'
import { byRank } from './rank-findings.ts'
import { writeSummary } from './write-summary.ts'

interface Reported {
  ref: string
  taskId: string
  finding: Finding
}

/** How many members of a merged finding are quoted. */
const MAX_QUOTED = 5

/** Recommendations less alike than this are two pieces of advice. */
const SAME_ADVICE = 0.7

/**
 * The synthesis without a model. It merges duplicates across tasks, ranks findings, finds
 * contradictions and actions, and writes a summary. The same results always give the same draft.
 */
export function mergeFindings(given: readonly TaskResult[]): SynthesisDraft {
  const results = withFindings(given)
  const reported = results.flatMap((result) =>
    result.findings.map(
      (finding, index): Reported => ({
        ref: refOf(result, index),
        taskId: result.taskId,
        finding: withoutBlanks(finding),
      }),
    ),
  )
  const groups = clusterFindings(
    reported.map(({ taskId, finding }) => ({ ...finding, tasks: [taskId] })),
  ).map((indexes) => indexes.flatMap((index) => reported[index] ?? []))
  const conflicts = findConflicts(
    groups.flatMap((members, group) => {
      const agreeing = new Set(members.map(({ taskId }) => taskId)).size
      return members.map((member) => ({ ...member, group, agreeing }))
    }),
  )
  const losing = new Set(conflicts.flatMap((conflict) => conflict.losing))
  const merged = groups
    .map((members) => mergeGroup(members, losing))
    .map((each) => ({
      ...each,
      ranked: { ...each.finding, sources: tasksOfRefs(each.finding.from) },
    }))
  const compare = byRank(merged.map(({ ranked }) => ranked))
  const advised = merged.sort((a, b) => compare(a.ranked, b.ranked))
  const findings = advised.map(({ finding }) => finding)
  const actions = rankActions(advised, conflicts)
  const found = conflicts.map(({ conflict }) => conflict)
  return {
    summary: writeSummary({ results, findings, conflicts: found, actions }),
    findings,
    dropped: [],
    conflicts: found,
    actions,
    usage: NO_USAGE,
  }
}

/** Models fill in empty strings for fields that they have nothing to say about. */
function withoutBlanks(finding: Finding): Finding {
  const said = Object.entries(finding).filter(
    ([, value]) => typeof value !== 'string' || value.trim() !== '',
  )
  const { title, severity, confidence } = finding
  return { ...(Object.fromEntries(said) as Partial<Finding>), title, severity, confidence }
}

/**
 * Merges a group of duplicates into one finding, led by its first member. Severity and confidence
 * are both the leader's, whose severity is the group's most common one: combining the highest of
 * each would rate the finding as nobody did.
 */
function mergeGroup(members: readonly Reported[], losing: ReadonlySet<string>): AdvisedFinding {
  const [leader] = members
  if (leader === undefined) throw new Error('a group of findings is never empty')
  const advisers = members.filter(({ finding }) => finding.recommendation !== undefined)
  const adviser = advisers.find(({ ref }) => !losing.has(ref)) ?? advisers[0]
  const located =
    members.find(({ finding }) => placeOf(finding).line !== undefined) ??
    members.find(({ finding }) => placeOf(finding).file !== undefined)
  const place = placeOf((leader.finding.line === undefined ? located : leader)?.finding ?? {})
  const finding: DraftFinding = {
    title: leader.finding.title,
    severity: leader.finding.severity,
    confidence: leader.finding.confidence,
    category: members.find((each) => each.finding.category !== undefined)?.finding.category,
    file: place.file,
    line: place.line,
    detail: describe(leader, members, adviser),
    recommendation: adviser?.finding.recommendation,
    from: members.map(({ ref }) => ref),
  }
  return { finding, advisedBy: adviser?.ref ?? leader.ref }
}

function describe(
  leader: Reported,
  members: readonly Reported[],
  adviser: Reported | undefined,
): string {
  const { detail, evidence, title } = leader.finding
  const parts = [detail ?? (evidence === undefined ? title : '')]
  if (evidence !== undefined && !(detail ?? '').includes(evidence)) {
    parts.push(`Evidence: ${evidence}`)
  }
  const rated = ratings(leader, members)
  if (rated !== undefined) parts.push(rated)
  const others = members.filter((member) => member !== leader)
  for (const { taskId, finding } of others.slice(0, MAX_QUOTED)) {
    const said = [finding.title === title ? undefined : finding.title, finding.detail]
    const words = said.filter((text) => text !== undefined && text !== detail).join(' — ')
    if (words !== '') parts.push(`Also found by ${taskId}: ${oneLine(words, 300)}`)
  }
  if (others.length > MAX_QUOTED) {
    parts.push(`Also found by ${others.length - MAX_QUOTED} more.`)
  }
  const advice = stems(adviser?.finding.recommendation ?? '')
  for (const { taskId, finding } of members.slice(0, MAX_QUOTED)) {
    const { recommendation } = finding
    if (recommendation === undefined || recommendation === adviser?.finding.recommendation) continue
    if (jaccard(stems(recommendation), advice) >= SAME_ADVICE) continue
    parts.push(`${taskId} recommends: ${oneLine(recommendation, 300)}`)
  }
  return parts.filter((part) => part !== '').join('\n')
}

/** How many members gave the leader's severity, if some rated it higher. */
function ratings(leader: Reported, members: readonly Reported[]): string | undefined {
  const { severity } = leader.finding
  const [highest = severity] = members
    .map(({ finding }) => finding.severity)
    .sort((a, b) => severityRank(a) - severityRank(b))
  if (highest === severity) return undefined
  const same = members.filter(({ finding }) => finding.severity === severity).length
  return `Rated ${severity} by ${same} of ${members.length}; the highest rating is ${highest}.`
}
