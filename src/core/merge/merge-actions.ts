import type { SynthesisDraft } from '../ports/models.ts'
import { jaccard, stems } from '../text/words.ts'
import { type DraftFinding, tasksOfRefs } from './draft-findings.ts'
import { importanceIn, type Weighed } from './rank-findings.ts'

export type DraftAction = SynthesisDraft['actions'][number]

const MAX_ACTIONS = 50

/** How many actions are compared; drafts list their most urgent ones first. */
const MAX_COMPARED = 2_000
const SAME = 0.8

/** Merges actions that ask for the same in nearly the same words. The most urgent come first. */
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

/**
 * By the most important finding, then by how many tasks agree, then by how many findings it
 * resolves.
 */
export function sortByUrgency(
  findings: readonly DraftFinding[],
  actions: readonly DraftAction[],
): DraftAction[] {
  const weighed = findings.map(({ severity, from }) => ({ severity, sources: tasksOfRefs(from) }))
  const importance = importanceIn(weighed)
  return actions
    .map((action) => ({ action, ...urgency(weighed, importance, action) }))
    .sort(
      (a, b) =>
        b.importance - a.importance ||
        b.tasks - a.tasks ||
        b.action.findings.length - a.action.findings.length ||
        a.first - b.first,
    )
    .slice(0, MAX_ACTIONS)
    .map(({ action }) => action)
}

function urgency(
  findings: readonly Weighed[],
  importance: (finding: Weighed) => number,
  { findings: indexes }: DraftAction,
) {
  const members = indexes.flatMap((index) => findings[index] ?? [])
  return {
    importance: members.reduce((most, each) => Math.max(most, importance(each)), 0),
    tasks: new Set(members.flatMap(({ sources }) => sources)).size,
    first: indexes[0] ?? Number.MAX_SAFE_INTEGER,
  }
}
