import { formatPlace } from '../findings/places.ts'
import { firstSentences } from '../text/sentences.ts'
import { jaccard, stems, withoutCode } from '../text/words.ts'
import type { FoundConflict } from './conflicts/find-conflicts.ts'
import { countOf, type DraftFinding, oneLine, tasksOfRefs } from './draft-findings.ts'
import { type DraftAction, sortByUrgency } from './merge-actions.ts'

/** How many actions a recommendation is compared with. */
const MAX_COMPARED = 64
const SAME_IN_FILE = 0.6
const SAME_ANYWHERE = 0.8

interface Group {
  words: ReadonlySet<string>
  /** Indexes of findings. */
  findings: number[]
}

/** A finding, and the ref of the task's finding whose recommendation it has. */
export interface AdvisedFinding {
  finding: DraftFinding
  advisedBy: string | undefined
}

/**
 * What to do, the most urgent first. Findings that one change resolves share an action: those with
 * the same recommendation, or with nearly the same words (a Jaccard index of 0.6 within a file and
 * category, 0.8 within a category). The losing side of a conflict is not an action; if nothing
 * decided the conflict, deciding it is.
 *
 * @param advised By rank, so that the first of a group is its most urgent.
 */
export function rankActions(
  advised: readonly AdvisedFinding[],
  conflicts: readonly FoundConflict[],
): DraftAction[] {
  const findings = advised.map(({ finding }) => finding)
  const indexOfRef = new Map(
    findings.flatMap(({ from }, index) => from.map((ref) => [ref, index] as const)),
  )
  const decisions: DraftAction[] = []
  const settledElsewhere = new Set<string>()
  for (const { conflict, refs, losing, undecided } of conflicts) {
    for (const ref of undecided ? refs : losing) settledElsewhere.add(ref)
    if (!undecided) continue
    decisions.push({
      action: `Decide: ${conflict.about}.`,
      why: `${nameSome(conflict.between)} make recommendations that cannot both be followed, and nothing decides between them`,
      findings: distinct(refs.flatMap((ref) => indexOfRef.get(ref) ?? [])).sort((a, b) => a - b),
    })
  }
  const actions = group(advised, settledElsewhere).map((each) => describe(findings, each))
  return sortByUrgency(findings, [...decisions, ...actions])
}

function group(advised: readonly AdvisedFinding[], settledElsewhere: ReadonlySet<string>): Group[] {
  const groups: Group[] = []
  const byKey = new Map<string, Group[]>()
  for (const [index, { finding, advisedBy }] of advised.entries()) {
    const { recommendation, category = '', file = '', severity } = finding
    if (advisedBy !== undefined && settledElsewhere.has(advisedBy)) continue
    if (recommendation === undefined && severity === 'info') continue
    const words = stems(recommendation ?? `fix ${finding.title}`)
    const exact = [...words].sort().join(' ')
    const keys: [key: string, enough: number][] = [
      [`exact|${exact}`, 0],
      [`file|${category}|${file}`, SAME_IN_FILE],
      [`category|${category}`, SAME_ANYWHERE],
    ]
    const found = keys
      .map(([key, enough]) =>
        byKey.get(key)?.find((other) => enough === 0 || jaccard(other.words, words) >= enough),
      )
      .find((other) => other !== undefined)
    if (found !== undefined) {
      found.findings.push(index)
      continue
    }
    const created: Group = { words, findings: [index] }
    groups.push(created)
    for (const [key] of keys) {
      const list = byKey.get(key)
      if (list === undefined) byKey.set(key, [created])
      else if (list.length < MAX_COMPARED) list.push(created)
    }
  }
  return groups
}

function describe(findings: readonly DraftFinding[], { findings: indexes }: Group): DraftAction {
  const members = indexes.flatMap((index) => findings[index] ?? [])
  const [first] = members
  const advised = firstSentences(first?.recommendation ?? '', 400)
  // A few words of advice without a verb still count as advice; a bare diff does not.
  const brief = withoutCode(first?.recommendation ?? '').trim()
  const recommendation = oneLine(advised || brief || `Fix: ${first?.title ?? ''}`, 400)
  const places = distinct(members.map(formatPlaceOf).filter((place) => place !== ''))
  const shown = places.filter((place) => !recommendation.includes(place))
  const where =
    shown.length === 0
      ? ''
      : ` (${shown.slice(0, 3).join(', ')}${shown.length > 3 ? ` and ${shown.length - 3} more` : ''})`
  const tasks = tasksOfRefs(members.flatMap(({ from }) => from))
  const reasons = [
    `${first?.severity ?? 'info'}: ${oneLine(first?.title ?? '', 160)}`,
    tasks.length > 1 ? `found by ${nameSome(tasks)}` : undefined,
    members.length > 1 ? `solves ${countOf(members.length, 'finding')}` : undefined,
  ]
  return {
    action: `${recommendation.replace(/[.:]$/, '')}${where}${/[!?…]$/.test(recommendation) && where === '' ? '' : '.'}`,
    why: reasons.filter((reason) => reason !== undefined).join('; '),
    findings: indexes,
  }
}

function formatPlaceOf({ file, line }: DraftFinding): string {
  return formatPlace({ file, line })
}

function nameSome(tasks: readonly string[]): string {
  return tasks.length <= 5 ? tasks.join(', ') : countOf(tasks.length, 'task')
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}
