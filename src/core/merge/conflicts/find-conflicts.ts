import { type Finding, severityRank } from '../../contract/findings.ts'
import type { Conflict } from '../../contract/synthesis.ts'
import { formatPlace, type Place, placeOf } from '../../findings/places.ts'
import { shorten } from '../../text/shorten.ts'
import { adviceIn } from './advice.ts'
import { type Nearness, oppose, readStances, type Stance, topicOf } from './stances.ts'

/** A recommendation of one task, with the finding it belongs to. */
export interface Recommendation {
  ref: string
  taskId: string
  finding: Finding
  /**
   * The group of duplicates that the finding is in: two sides of one group are about the same
   * thing.
   */
  group: number
  /** How many tasks reported the same finding. */
  agreeing: number
}

export interface FoundConflict {
  conflict: Conflict
  /** Refs of the findings that take a side. */
  refs: string[]
  /** Refs whose recommendation the resolution rejects; empty if a person must decide. */
  losing: string[]
  undecided: boolean
}

interface Side extends Recommendation, Place {
  stance: Stance
}

/**
 * How many sides on one topic are compared with each other, which bounds the work on large plans.
 */
const MAX_SIDES_PER_TOPIC = 30
/**
 * A plan with more pairs contradicts itself throughout; those between strong sides are found first.
 */
const MAX_PAIRS = 5_000
/** More than a person would read; conflicts of the most severe findings come first. */
const MAX_CONFLICTS = 200
const MAX_SIDES_SHOWN = 12
const NEAR_LINES = 10
/** Confidences that differ by less count as equal. */
const CLEARLY_SURER = 0.2

/**
 * Finds recommendations of different tasks that cannot both be followed: add and remove, enable and
 * disable, raise and lower, async and sync, split and merge, use and avoid, two values for one
 * setting, two rivals for one role. Each conflict has every side and a resolution by fixed rules:
 * the more severe finding wins, then the one that more tasks share, then the clearly more confident
 * one. If none of these decides, a person must.
 */
export function findConflicts(recommendations: readonly Recommendation[]): FoundConflict[] {
  // Findings of many tasks often make the same recommendation in the same words.
  const read = new Map<string, Stance[]>()
  const sides = recommendations
    .flatMap((each): Side[] => {
      // A title describes the current state; it takes no side.
      const { recommendation } = each.finding
      if (recommendation === undefined) return []
      const place = placeOf(each.finding)
      const stances =
        read.get(recommendation) ??
        adviceIn(recommendation).flatMap((sentence) => readStances(sentence, true))
      read.set(recommendation, stances)
      return stances.map((stance) => ({ ...each, ...place, stance }))
    })
    .sort(stronger)
  const pairs = opposedPairs(sides)
  return groupPairs(pairs).slice(0, MAX_CONFLICTS).map(describe)
}

/** Looks up sides that share a topic and an axis; only topics with opposing sides cost anything. */
function opposedPairs(sides: readonly Side[]): Pair[] {
  const byTopic = new Map<string, Map<string, number[]>>()
  for (const [index, { stance, file, group }] of sides.entries()) {
    const keys = [`group|${group}|${stance.axis}`]
    // Rivals need no word in common: a file uses only one of them.
    if (stance.chosen === true && file !== undefined) keys.push(`chosen|${file}|${stance.axis}`)
    for (const word of topicOf(stance)) {
      keys.push(`file|${file ?? ''}|${stance.axis}|${word}`, `any|${stance.axis}|${word}`)
    }
    for (const key of keys) {
      const topic = byTopic.get(key) ?? new Map<string, number[]>()
      byTopic.set(key, topic)
      const same = topic.get(stance.side) ?? []
      topic.set(stance.side, same)
      if (same.length < MAX_SIDES_PER_TOPIC) same.push(index)
    }
  }
  const found = new Map<number, Pair>()
  const compared = new Set<number>()
  for (const topic of byTopic.values()) {
    const lists = [...topic.values()]
    for (const [place, list] of lists.entries()) {
      const others = lists.slice(place + 1).flat()
      for (const one of list) {
        for (const other of others) {
          const [first, second] = one < other ? [one, other] : [other, one]
          const key = first * sides.length + second
          const [a, b] = [sides[first], sides[second]]
          if (a === undefined || b === undefined || a.taskId === b.taskId) continue
          if (compared.has(key)) continue
          compared.add(key)
          const about = oppose(a.stance, b.stance, nearness(a, b))
          if (about !== undefined) found.set(key, { a, b, about })
        }
      }
    }
    if (found.size >= MAX_PAIRS) break
  }
  // The sides are sorted, so the smallest keys are the strongest pairs.
  return [...found].sort(([one], [other]) => one - other).map(([, pair]) => pair)
}

function nearness(a: Side, b: Side): Nearness {
  if (a.group === b.group) return 'same place'
  if (a.file === undefined || b.file === undefined) return 'no file'
  if (a.file !== b.file) return 'different files'
  if (a.line !== undefined && b.line !== undefined) {
    return Math.abs(a.line - b.line) <= NEAR_LINES ? 'same place' : 'same file'
  }
  return 'same file'
}

interface Pair {
  a: Side
  b: Side
  about: string
}

/** One conflict for all sides that oppose each other about the same thing. */
function groupPairs(pairs: readonly Pair[]): { sides: Set<Side>; about: string }[] {
  const conflicts: { sides: Set<Side>; about: string }[] = []
  const known = new Map<string, { sides: Set<Side>; about: string }>()
  // "Use X instead of Y" and "use Y instead of X" oppose each other twice but are one disagreement.
  const seen = new Map<Finding, Set<Finding>>()
  for (const { a, b, about } of pairs) {
    const met = seen.get(a.finding) ?? new Set()
    if (met.has(b.finding)) continue
    seen.set(a.finding, met.add(b.finding))
    const one = known.get(topicKey(a))
    const other = known.get(topicKey(b))
    const conflict = one ?? other ?? { sides: new Set<Side>(), about }
    if (one === undefined && other === undefined) conflicts.push(conflict)
    if (one !== undefined && other !== undefined && one !== other) {
      for (const side of other.sides) {
        one.sides.add(side)
        known.set(topicKey(side), one)
      }
      other.sides.clear()
    }
    conflict.sides.add(a).add(b)
    known.set(topicKey(a), conflict)
    known.set(topicKey(b), conflict)
  }
  return conflicts.filter(({ sides }) => sides.size > 0)
}

function topicKey({ taskId, group, stance }: Side): string {
  return `${stance.axis}|${taskId}|${group}|${[...stance.object].sort().join(' ')}`
}

function describe({ sides, about }: { sides: ReadonlySet<Side>; about: string }): FoundConflict {
  const ordered = [...sides].sort(stronger)
  const shown = new Map<string, Side>()
  for (const side of ordered) {
    const key = `${side.taskId}|${adviceOf(side)}`
    if (!shown.has(key)) shown.set(key, side)
  }
  const [best] = ordered
  const against = ordered.filter(({ stance }) => stance.side !== best?.stance.side)
  const decision = best && against[0] ? decide(best, against[0]) : undefined
  const place = formatPlace(ordered.find(({ file }) => file !== undefined) ?? NOWHERE)
  return {
    conflict: {
      between: [...new Set(ordered.map(({ taskId }) => taskId))],
      about: place === '' ? about : `${about} (${place})`,
      sides: [...shown.values()].slice(0, MAX_SIDES_SHOWN).map((side) => ({
        taskId: side.taskId,
        recommendation: adviceOf(side),
        evidence: evidenceOf(side),
      })),
      resolution:
        best && decision
          ? `Follow ${best.taskId}: ${adviceOf(best)}`
          : `Not resolved: decide between ${[best, against[0]]
              .flatMap((side) => (side ? `${side.taskId} (${adviceOf(side)})` : []))
              .join(' and ')}.`,
      rule:
        decision ??
        'needs a person: severity, agreement and confidence do not decide between the sides',
    },
    refs: [...new Set(ordered.map(({ ref }) => ref))],
    losing: decision === undefined ? [] : [...new Set(against.map(({ ref }) => ref))],
    undecided: decision === undefined,
  }
}

const NOWHERE: Place = { file: undefined, line: undefined }

/** The rule by which the first side wins, or undefined. */
function decide(best: Side, rival: Side): string | undefined {
  if (severityRank(rival.finding.severity) > severityRank(best.finding.severity)) {
    return `higher severity wins (${best.finding.severity} against ${rival.finding.severity})`
  }
  if (best.agreeing > rival.agreeing) {
    return `more tasks agree (${best.agreeing} against ${rival.agreeing})`
  }
  if (best.finding.confidence - rival.finding.confidence >= CLEARLY_SURER) {
    return `higher confidence wins (${best.finding.confidence} against ${rival.finding.confidence})`
  }
  return undefined
}

function stronger(a: Side, b: Side): number {
  return (
    severityRank(a.finding.severity) - severityRank(b.finding.severity) ||
    b.agreeing - a.agreeing ||
    b.finding.confidence - a.finding.confidence ||
    (a.ref < b.ref ? -1 : a.ref > b.ref ? 1 : 0)
  )
}

function adviceOf({ finding }: Side): string {
  return shorten((finding.recommendation ?? finding.title).trim(), 600, '…')
}

function evidenceOf(side: Side): string {
  const { finding } = side
  const said = finding.evidence ?? finding.detail ?? finding.title
  const place = formatPlace(side)
  return shorten(place === '' ? said.trim() : `${place}: ${said.trim()}`, 600, '…')
}
