import { type Severity, severityRank } from '../contract/findings.ts'
import { type Place, placeOf } from '../findings/places.ts'
import { jaccard, stems } from '../text/words.ts'
import { oppose, readStances } from './stances.ts'
import { weaknessesIn } from './weaknesses.ts'

/** Something that one or more tasks claim to have found. */
export interface Claim {
  tasks: readonly string[]
  title: string
  severity: Severity
  confidence: number
  category?: string | undefined
  file?: string | undefined
  line?: number | undefined
  detail?: string | undefined
}

/** Lines between two findings that may still be about the same thing: one names the call, one the function. */
const NEAR_LINES = 5

/**
 * Findings that one word leads to, at most. It bounds the work on plans whose findings all use the
 * same words: the work grows with the findings, not with their square.
 */
const MAX_CANDIDATES = 40

interface Prepared extends Place {
  index: number
  claim: Claim
  /** Stems of the title. */
  title: ReadonlySet<string>
  /** Stems of title and detail. */
  text: ReadonlySet<string>
  category: string
  /** Well-known ones that the title speaks of, else the detail. */
  weaknesses: readonly string[]
  /** Names with digits in the title, such as `CVE-2024-1234` and `4.17.20`. */
  names: string
  /** All numbers in the title. */
  numbers: string
}

interface Cluster {
  /** The claim that speaks for all: the most severe one, and of those the surest. */
  leader: Prepared
  members: Prepared[]
  byTask: Map<string, Prepared[]>
}

/**
 * Claims that say the same, as lists of indexes; the first of each list speaks for it. Claims about
 * different files are never the same. How much of their words (without endings and common words)
 * two must share, as a Jaccard index of the titles:
 *
 * | place | share |
 * | --- | --- |
 * | the same line | 0.3, or 0.15 in the same category, or 0.4 of title and detail |
 * | the same file, at most five lines apart | 0.5, or 0.34 in the same category |
 * | the same file, at most five lines apart, where both speak of one well-known weakness | none |
 * | the same file, one without a line | 0.6, or 0.5 in the same category |
 * | both without a file | 0.7, or 0.5 with 0.6 of title and detail |
 * | one without a file | 0.8 of at least three words |
 *
 * Two claims of one task are only the same when they repeat each other word for word in the same
 * place: a task that lists two findings means two. Titles that differ in numbers or that ask for
 * opposites are never the same. Claims join a leader, not each other, so that chains of small
 * differences do not grow.
 */
export function clusterFindings(claims: readonly Claim[]): number[][] {
  const prepared = claims.map(prepare).sort(bySeverity)
  const exact = joinAll(
    prepared.map((one) => ({
      leader: one,
      members: [one],
      byTask: new Map(one.claim.tasks.map((task) => [task, [one]])),
    })),
    exactKeys,
    exactKeys,
  )
  return joinAll(exact, nearKeys, nearLookups).map(({ members }) =>
    members.map(({ index }) => index),
  )
}

function prepare(claim: Claim, index: number): Prepared {
  const title = claim.title.replace(/\b(?:on |at |in )?lines?\s*:?\s*\d+(?:\s*[-–]\s*\d+)?/gi, ' ')
  const words = stems(title)
  const named = weaknessesIn(title)
  return {
    index,
    claim,
    ...placeOf(claim),
    title: words,
    text: claim.detail ? stems(`${title} ${claim.detail}`) : words,
    weaknesses: named.length > 0 ? named : weaknessesIn(claim.detail ?? ''),
    category: (claim.category ?? '').trim().toLowerCase(),
    names: (title.match(/\b[\w@]*\d\w*(?:[-./]\w+)+|\b[A-Za-z]+-\d[\w.-]*/g) ?? [])
      .sort()
      .join(' '),
    numbers: (title.match(/\d+(?:\.\d+)*/g) ?? []).sort().join(' '),
  }
}

function bySeverity(a: Prepared, b: Prepared): number {
  return (
    severityRank(a.claim.severity) - severityRank(b.claim.severity) ||
    b.claim.confidence - a.claim.confidence ||
    a.index - b.index
  )
}

/** Lets each cluster join the best earlier one that says the same, found by the keys they share. */
function joinAll(
  clusters: readonly Cluster[],
  keysOf: (one: Prepared) => string[],
  lookupsOf: (one: Prepared) => string[],
): Cluster[] {
  const kept: Cluster[] = []
  const byKey = new Map<string, Cluster[]>()
  for (const cluster of clusters) {
    const candidates = new Set(lookupsOf(cluster.leader).flatMap((key) => byKey.get(key) ?? []))
    let best: Cluster | undefined
    let bestScore = 0
    for (const candidate of candidates) {
      const score = sameness(candidate, cluster)
      if (score > bestScore) {
        best = candidate
        bestScore = score
      }
    }
    if (best !== undefined) {
      best.members.push(...cluster.members)
      for (const [task, own] of cluster.byTask) {
        best.byTask.set(task, [...(best.byTask.get(task) ?? []), ...own])
      }
      continue
    }
    kept.push(cluster)
    for (const key of keysOf(cluster.leader)) {
      const found = byKey.get(key)
      if (found === undefined) byKey.set(key, [cluster])
      else if (found.length < MAX_CANDIDATES) found.push(cluster)
    }
  }
  return kept
}

/** The line, and each word of the title on it; without a line or a file, the whole title. */
function exactKeys({ file, line, title }: Prepared): string[] {
  const place = `${file ?? ''}|${line ?? ''}|`
  if (line === undefined) return [place + [...title].sort().join(' ')]
  return [place, ...Array.from(title, (word) => place + word)]
}

function nearKeys({ file, line, title, weaknesses }: Prepared): string[] {
  return [...title, ...weaknesses].flatMap((word) =>
    file === undefined
      ? [`none|${word}`]
      : [`any|${word}`, `file|${file}|${word}`, `near|${file}|${bucket(line)}|${word}`],
  )
}

function nearLookups({ file, line, title, weaknesses }: Prepared): string[] {
  return [...title, ...weaknesses].flatMap((word) => {
    if (file === undefined) return [`none|${word}`, `any|${word}`]
    if (line === undefined) return [`none|${word}`, `file|${file}|${word}`]
    const here = bucket(line)
    return [
      `none|${word}`,
      ...[undefined, here - 1, here, here + 1].map((each) => `near|${file}|${each}|${word}`),
    ]
  })
}

function bucket(line: number): number
function bucket(line: number | undefined): number | undefined
function bucket(line: number | undefined): number | undefined {
  return line === undefined ? undefined : Math.floor(line / (NEAR_LINES + 1))
}

/** How much two clusters say the same, above 0 when they do. */
function sameness(one: Cluster, other: Cluster): number {
  for (const task of other.byTask.keys()) {
    const own = one.byTask.get(task)
    if (own === undefined) continue
    if (other.members.length > 1) return 0
    if (!own.every((member) => repeats(member, other.leader))) return 0
  }
  return similarity(one.leader, other.leader)
}

function repeats(a: Prepared, b: Prepared): boolean {
  return (
    a.file === b.file &&
    a.line === b.line &&
    a.claim.title.trim() === b.claim.title.trim() &&
    (a.claim.detail ?? '').trim() === (b.claim.detail ?? '').trim()
  )
}

function similarity(a: Prepared, b: Prepared): number {
  if (a.file !== undefined && b.file !== undefined && a.file !== b.file) return 0
  const sameFile = a.file !== undefined && a.file === b.file
  const lined = sameFile && a.line !== undefined && b.line !== undefined
  const distance = lined ? Math.abs((a.line ?? 0) - (b.line ?? 0)) : 0
  if (distance > NEAR_LINES) return 0
  const alike = a.category !== '' && a.category === b.category
  const title = jaccard(a.title, b.title)
  // Most pairs end here, so that their details are never compared.
  const text = () => jaccard(a.text, b.text)
  let enough: boolean
  if (lined && a.weaknesses.some((weakness) => b.weaknesses.includes(weakness))) enough = true
  else if (lined && distance === 0) enough = title >= (alike ? 0.15 : 0.3) || text() >= 0.4
  else if (lined) enough = title >= (alike ? 0.34 : 0.5)
  else if (sameFile) enough = title >= (alike ? 0.5 : 0.6)
  else if (a.file === undefined && b.file === undefined) {
    enough = title >= 0.7 || (title >= 0.5 && text() >= 0.6)
  } else enough = title >= 0.8 && Math.min(a.title.size, b.title.size) >= 3
  if (!enough || differ(a, b, lined && distance === 0) || contradict(a, b)) return 0
  return title + text() + (alike ? 0.5 : 0) - distance / 10 + 1
}

/** Two versions, two advisories, or away from the same line any two numbers, are two findings. */
function differ(a: Prepared, b: Prepared, sameLine: boolean): boolean {
  if (a.names !== '' && b.names !== '' && a.names !== b.names) return true
  return !sameLine && a.numbers !== '' && b.numbers !== '' && a.numbers !== b.numbers
}

function contradict(a: Prepared, b: Prepared): boolean {
  const others = readStances(b.claim.title, false)
  if (others.length === 0) return false
  return readStances(a.claim.title, false).some((stance) =>
    others.some(
      (other) =>
        stance.axis !== 'value' &&
        !stance.axis.startsWith('choice') &&
        oppose(stance, other, 'same place') !== undefined,
    ),
  )
}
