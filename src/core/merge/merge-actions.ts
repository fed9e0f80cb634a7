import { severityRank } from '../contract/findings.ts'
import type { SynthesisDraft } from '../ports/models.ts'
import { jaccard, stems } from '../text/words.ts'
import { type DraftFinding, tasksOfRefs } from './draft-findings.ts'

export type DraftAction = SynthesisDraft['actions'][number]

const MAX_ACTIONS = 50

/** Actions of drafts that are looked at: the most urgent of each come first there. */
const MAX_COMPARED = 2_000
const SAME = 0.8

/** Actions that ask for the same in the same words made one, and the most urgent of them first. */
export function mergeActions(
  findings: readonly DraftFinding[],
  actions: readonly DraftAction[],
): DraftAction[] {
  const merged: { words: ReadonlySet<string>; action: DraftAction }[] = []
  for (const action of actions.slice(0, MAX_COMPARED)) {
    const words = stems(action.action)
    const same = merged.find((other) => jaccard(other.words, words) >= SAME)
    if (same === undefined) merged.push({ words, action })
    else {
      const both = [...new Set([...same.action.findings, ...action.findings])]
      same.action = { ...same.action, findings: both.sort((a, b) => a - b) }
    }
  }
  return sortByUrgency(
    findings,
    merged.map(({ action }) => action),
  )
}

/** By the worst finding, then by how many tasks agree, then by how many findings it solves. */
export function sortByUrgency(
  findings: readonly DraftFinding[],
  actions: readonly DraftAction[],
): DraftAction[] {
  return actions
    .map((action) => ({ action, ...urgency(findings, action) }))
    .sort(
      (a, b) =>
        a.severity - b.severity ||
        b.tasks - a.tasks ||
        b.action.findings.length - a.action.findings.length ||
        a.first - b.first,
    )
    .slice(0, MAX_ACTIONS)
    .map(({ action }) => action)
}

function urgency(findings: readonly DraftFinding[], { findings: indexes }: DraftAction) {
  const members = indexes.flatMap((index) => findings[index] ?? [])
  return {
    severity: members.reduce((worst, each) => Math.min(worst, severityRank(each.severity)), 9),
    tasks: tasksOfRefs(members.flatMap(({ from }) => from)).length,
    first: indexes[0] ?? Number.MAX_SAFE_INTEGER,
  }
}
