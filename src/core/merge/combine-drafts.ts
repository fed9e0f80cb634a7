import type { Finding } from '../contract/findings.ts'
import type { Conflict } from '../contract/synthesis.ts'
import { addUsage, NO_USAGE } from '../contract/usage.ts'
import { withFindings } from '../findings/extract-findings.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import { clusterFindings } from './clusters/cluster-findings.ts'
import { findConflicts } from './conflicts/find-conflicts.ts'
import { type DraftFinding, oneLine, tasksOfRefs } from './draft-findings.ts'
import { type DraftAction, mergeActions } from './merge-actions.ts'
import { byRank } from './rank-findings.ts'
import { writeSummary } from './write-summary.ts'

interface Part {
  draft: number
  index: number
  finding: DraftFinding
}

/** How many merged findings are quoted in the one they were merged into. */
const MAX_QUOTED = 5

/**
 * Combines the drafts of a plan's parts into one that contains every ref of every part. Duplicates,
 * contradictions and equal actions are found across parts. Findings that a part keeps apart stay
 * apart, unless they match word for word. The result can be combined again.
 *
 * @param results All results of the plan; the summary uses them to say what is missing.
 */
export function combineDrafts(
  drafts: readonly SynthesisDraft[],
  results: readonly TaskResult[],
): SynthesisDraft {
  const [only] = drafts
  if (only !== undefined && drafts.length === 1) return only
  const parts = drafts.flatMap(({ findings }, draft) =>
    findings.map((finding, index): Part => ({ draft, index, finding })),
  )
  const groups = clusterFindings(
    // The part counts as a task, so that two findings of one part are not compared.
    parts.map(({ draft, finding }) => ({
      ...finding,
      tasks: [...tasksOfRefs(finding.from), `part ${draft}`],
    })),
  ).map((indexes) => indexes.flatMap((index) => parts[index] ?? []))
  const unranked = groups
    .map((members) => ({ members, finding: mergeParts(members) }))
    .map((each) => ({
      ...each,
      rank: { ...each.finding, sources: tasksOfRefs(each.finding.from) },
    }))
  const compare = byRank(unranked.map(({ rank }) => rank))
  const merged = unranked.sort((a, b) => compare(a.rank, b.rank))
  const findings = merged.map(({ finding }) => finding)
  const places = new Map(
    merged.flatMap(({ members }, place) =>
      members.map(({ draft, index }) => [`${draft} ${index}`, place] as const),
    ),
  )
  const across = conflictsAcross(groups)
  const conflicts = [...drafts.flatMap((draft) => draft.conflicts), ...across.conflicts]
  const actions = mergeActions(findings, [
    ...across.decisions(findings),
    ...drafts.flatMap((draft, number) =>
      draft.actions.map(
        (action): DraftAction => ({
          ...action,
          findings: action.findings.flatMap((index) => places.get(`${number} ${index}`) ?? []),
        }),
      ),
    ),
  ])
  const model = drafts.find((draft) => draft.model !== undefined)?.model
  return {
    summary: writeSummary({ results: withFindings(results), findings, conflicts, actions }),
    findings,
    dropped: drafts.flatMap((draft) => draft.dropped),
    putBack: drafts.flatMap((draft) => draft.putBack ?? []),
    conflicts,
    actions,
    usage: drafts.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE),
    ...(model === undefined ? {} : { model }),
  }
}

/** Takes the rating and the text of the leading member, and the refs of all members. */
function mergeParts(members: readonly Part[]): DraftFinding {
  const [leader, ...others] = members.map(({ finding }) => finding)
  if (leader === undefined) throw new Error('a group of findings is never empty')
  const quoted = others
    .filter(({ title, detail }) => title !== leader.title || detail !== leader.detail)
    .slice(0, MAX_QUOTED)
    .map(
      ({ from, title }) =>
        `Also found by ${tasksOfRefs(from).slice(0, 5).join(', ')}: ${oneLine(title, 200)}`,
    )
  const located = leader.line === undefined ? others.find(({ line }) => line !== undefined) : leader
  const file = leader.file ?? located?.file
  return {
    ...leader,
    category: leader.category ?? others.find(({ category }) => category !== undefined)?.category,
    file,
    line: located?.file === file ? (located?.line ?? leader.line) : leader.line,
    detail: [leader.detail, ...quoted].join('\n'),
    recommendation:
      leader.recommendation ??
      others.find(({ recommendation }) => recommendation !== undefined)?.recommendation,
    from: [...new Set([leader, ...others].flatMap(({ from }) => from))],
  }
}

/** Contradictions between parts; those within a part were found when it was written. */
function conflictsAcross(groups: readonly (readonly Part[])[]): {
  conflicts: Conflict[]
  decisions(findings: readonly DraftFinding[]): DraftAction[]
} {
  const partOfTask = new Map(
    groups
      .flat()
      .flatMap(({ draft, finding }) =>
        tasksOfRefs(finding.from).map((task) => [task, draft] as const),
      ),
  )
  const found = findConflicts(
    groups.flatMap((members, group) =>
      members.flatMap(({ finding }) => {
        const [ref] = finding.from
        const tasks = tasksOfRefs(finding.from)
        const [taskId] = tasks
        if (ref === undefined || taskId === undefined) return []
        return [{ ref, taskId, finding: asFinding(finding), group, agreeing: tasks.length }]
      }),
    ),
  ).filter(({ conflict }) => new Set(conflict.between.map((task) => partOfTask.get(task))).size > 1)
  return {
    conflicts: found.map(({ conflict }) => conflict),
    decisions: (findings) =>
      found
        .filter(({ undecided }) => undecided)
        .map(({ conflict, refs }) => ({
          action: `Decide: ${conflict.about}.`,
          why: `${conflict.between.slice(0, 5).join(', ')} make recommendations that cannot both be followed, and nothing decides between them`,
          findings: findings.flatMap(({ from }, index) =>
            from.some((ref) => refs.includes(ref)) ? index : [],
          ),
        })),
  }
}

export function asFinding(drafted: DraftFinding): Finding {
  const { title, severity, confidence, category, file, line, detail, recommendation } = drafted
  return {
    title,
    severity,
    confidence,
    ...(category === undefined ? {} : { category }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    detail,
    ...(recommendation === undefined ? {} : { recommendation }),
  }
}
