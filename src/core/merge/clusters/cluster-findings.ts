import { type Severity, severityRank } from '../../contract/findings.ts'
import { averageLink, type LinkLimits } from './average-link.ts'
import { blocksOf } from './blocks.ts'
import { type Comparable, comparablesOf, likenessOf, mayBeSame } from './same-finding.ts'
import { mirror, productsOf, readWordings, type TermVector, weighTerms } from './term-vectors.ts'

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
  recommendation?: string | undefined
}

/** Tuned on audits whose submissions people have grouped; see bench/synthesis.md. */
const LIMITS: LinkLimits = { least: 0.15, growth: 0.4, cohesion: 0.6, lone: 0.1 }
/**
 * The first pass only counts terms by group. Rough groups are enough for that, so it joins more
 * readily.
 */
const ROUGH: LinkLimits = { ...LIMITS, least: 0.13, lone: 0 }

/** Up to this many claims are all compared with each other: the matrix for 3,000 takes 36 MB. */
const MAX_COMPARED = 3_000
/** The block size for larger plans. */
const BLOCK = 1_000

/** A claim together with its exact repeats. */
interface Repeated {
  claim: Claim
  indexes: number[]
  tasks: Set<string>
}

/**
 * Groups claims that say the same, as lists of indexes. The first index of each list is the group's
 * leader: the most confident of those with its most common severity. The result does not depend on
 * the order of the claims.
 *
 * The likeness of two claims is the cosine of their terms, each weighted by how rare it is across
 * all claims, plus a little for their places; brief claims are compared by rules. Groups are formed
 * by average likeness, so that no chain of small differences can build up. There are two passes:
 * the groups of the first one tell which terms are common and which only seem so because many tasks
 * found the same thing. Two claims of one task are the same only if they repeat each other word for
 * word in the same place: a task that lists two findings means two.
 */
export function clusterFindings(claims: readonly Claim[]): number[][] {
  const repeated = joinRepeated(claims)
  const { wordings, terms } = readWordings(
    repeated.map(({ claim: { title, detail = '', recommendation = '' } }) => ({
      title,
      detail,
      recommendation,
    })),
  )
  const comparables = comparablesOf(
    repeated.map(({ claim, tasks }, index) => ({
      claim,
      tasks,
      terms: wordings[index]?.size ?? 0,
    })),
  )
  const vectors = weighTerms(wordings, terms)
  const blocks = blocksFor(vectors, comparables)
  const rough = linkBlocks(blocks, vectors, comparables, ROUGH)
  const numbers: number[] = []
  for (const [number, group] of rough.entries()) for (const index of group) numbers[index] = number
  const groups = linkBlocks(blocks, weighTerms(wordings, terms, numbers), comparables, LIMITS)
  return groups
    .map((group) =>
      bySpeaker(
        claims,
        group.flatMap((index) => repeated[index]?.indexes ?? []),
      ),
    )
    .sort(([one = 0], [other = 0]) => compareClaims(claims, one, other))
}

/** The result is in an order that does not depend on the order of the claims. */
function joinRepeated(claims: readonly Claim[]): Repeated[] {
  const byWords = new Map<string, Repeated>()
  for (const [index, claim] of claims.entries()) {
    const { title, detail = '', recommendation = '', category = '', file = '', line = '' } = claim
    const key = [title, file, line, category, detail, recommendation]
      .map((each) => `${each}`.trim())
      .join('\0')
    const known = byWords.get(key)
    if (known === undefined)
      byWords.set(key, { claim, indexes: [index], tasks: new Set(claim.tasks) })
    else {
      known.indexes.push(index)
      for (const task of claim.tasks) known.tasks.add(task)
    }
  }
  return [...byWords].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, repeated]) => repeated)
}

function blocksFor(vectors: readonly TermVector[], comparables: readonly Comparable[]): number[][] {
  if (vectors.length <= MAX_COMPARED) return [vectors.map((_, index) => index)]
  return blocksOf(
    vectors,
    comparables.map(({ file, line }) =>
      file === 0 || line === 0 ? undefined : `${file}:${Math.floor(line / 10)}`,
    ),
    (one, other) => mayBeSame(comparables[one] as Comparable, comparables[other] as Comparable),
    BLOCK,
  )
}

function linkBlocks(
  blocks: readonly (readonly number[])[],
  vectors: readonly TermVector[],
  comparables: readonly Comparable[],
  limits: LinkLimits,
): number[][] {
  return blocks.flatMap((block) => {
    const likeness = likenessWithin(block, vectors, comparables)
    return averageLink(likeness, block.length, limits).map((group) =>
      group.map((index) => block[index] as number),
    )
  })
}

function likenessWithin(
  block: readonly number[],
  vectors: readonly TermVector[],
  comparables: readonly Comparable[],
): Float32Array {
  const size = block.length
  const likeness = productsOf(block.map((index) => vectors[index] as TermVector))
  const members = block.map((index) => comparables[index] as Comparable)
  for (let one = 0; one < size; one += 1) {
    const a = members[one] as Comparable
    for (let other = 0; other < one; other += 1) {
      const b = members[other] as Comparable
      const at = one * size + other
      likeness[at] = likenessOf(a, b, likeness[at] as number)
    }
  }
  mirror(likeness, size)
  return likeness
}

/** Puts claims with the most common severity first. */
function bySpeaker(claims: readonly Claim[], group: readonly number[]): number[] {
  const common = mostCommon(group.map((index) => claims[index]?.severity ?? 'info'))
  const isCommon = (index: number) => (claims[index]?.severity === common ? 0 : 1)
  return [...group].sort(
    (one, other) => isCommon(one) - isCommon(other) || compareClaims(claims, one, other),
  )
}

/**
 * A tie between neighbouring severities goes to the lower one, because reviewers rate too high more
 * often than too low. Any other goes to the higher one, as does a tie with critical: it must not be
 * buried.
 */
function mostCommon(severities: readonly Severity[]): Severity | undefined {
  const counts = new Map<Severity, number>()
  for (const severity of severities) counts.set(severity, (counts.get(severity) ?? 0) + 1)
  const most = Math.max(...counts.values())
  const tied = [...counts]
    .filter(([, count]) => count === most)
    .map(([severity]) => severity)
    .sort((a, b) => severityRank(a) - severityRank(b))
  const [high, low] = tied
  if (low === undefined || high === 'critical' || high === undefined || tied.length > 2) return high
  return severityRank(low) - severityRank(high) === 1 ? low : high
}

function compareClaims(claims: readonly Claim[], one: number, other: number): number {
  const [a, b] = [claims[one], claims[other]]
  if (a === undefined || b === undefined) return 0
  return (
    severityRank(a.severity) - severityRank(b.severity) ||
    b.confidence - a.confidence ||
    compareText(a.title, b.title) ||
    compareText(a.tasks[0] ?? '', b.tasks[0] ?? '') ||
    one - other
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
