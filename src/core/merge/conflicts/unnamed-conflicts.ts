import type { Conflict } from '../../contract/synthesis.ts'
import { sharedCount, stems } from '../../text/words.ts'
import type { Reported } from '../settle-findings.ts'
import { findConflicts } from './find-conflicts.ts'

/**
 * The share of its words that a contradiction must have in common with a named one to be the same.
 */
const SAME_WORDS = 0.4

/**
 * Contradictions that a draft does not mention between findings that it contains. A writer that
 * merges two sides into one finding, or keeps both without comment, hides their disagreement.
 *
 * @param groups The refs in each finding of the synthesis. Refs in no group were dropped for a
 * reason.
 */
export function unnamedConflicts(
  named: readonly Conflict[],
  groups: readonly (readonly string[])[],
  reported: ReadonlyMap<string, Reported>,
): Conflict[] {
  const found = findConflicts(
    groups.flatMap((refs, group) => {
      const members = refs.flatMap((ref) => reported.get(ref) ?? [])
      const agreeing = new Set(members.map(({ taskId }) => taskId)).size
      return members.map((member) => ({ ...member, group, agreeing }))
    }),
  )
  const known = named.map((conflict) => ({ conflict, words: wordsOf(conflict) }))
  return found.flatMap(({ conflict }) => {
    const isNamed = known.some((each) => isSame(each, conflict))
    return isNamed ? [] : [conflict]
  })
}

/** A named conflict with only one side does not show the contradiction, whatever it is about. */
function isSame(known: { conflict: Conflict; words: Set<string> }, found: Conflict): boolean {
  const sides = new Set(known.conflict.sides.map(({ taskId }) => taskId))
  const shared = found.between.filter((taskId) => sides.has(taskId))
  if (shared.length < 2) return false
  const words = stems(found.sides.map(({ recommendation }) => recommendation).join(' '), 2_000)
  return sharedCount(words, known.words) >= SAME_WORDS * words.size
}

function wordsOf({ about, sides, resolution }: Conflict): Set<string> {
  const said = sides.flatMap(({ recommendation, evidence }) => [recommendation, evidence])
  return stems([about, ...said, resolution].join(' '), 4_000)
}
