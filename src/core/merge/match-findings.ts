import type { SynthesisFinding } from '../contract/synthesis.ts'
import { clusterFindings } from './clusters/cluster-findings.ts'

type Matched = Pick<
  SynthesisFinding,
  'title' | 'severity' | 'confidence' | 'category' | 'file' | 'line' | 'detail' | 'recommendation'
>

/** Indexes into the findings of two runs. */
export interface Matches {
  /** The earlier finding that each later one repeats; undefined for a new one. */
  earlier: (number | undefined)[]
  /** Earlier findings that no later one repeats, in ascending order. */
  gone: number[]
}

/**
 * Matches the findings of two runs. Findings with the same title in the same file are paired by how
 * near their lines are, because lines move between runs. The others are compared as a synthesis
 * compares the findings of its tasks: by what they say. Several later findings may repeat one
 * earlier finding that was split up. The order of the findings changes nothing.
 */
export function matchFindings(before: readonly Matched[], after: readonly Matched[]): Matches {
  const earlier: (number | undefined)[] = after.map(() => undefined)
  const repeated = new Set<number>()
  const match = (known: number, index: number) => {
    earlier[index] = known
    repeated.add(known)
  }
  for (const { known, index } of sameTitles(before, after)) {
    if (earlier[index] === undefined && !repeated.has(known)) match(known, index)
  }
  const left = [...before.keys()].filter((index) => !repeated.has(index))
  const open = [...after.keys()].filter((index) => earlier[index] === undefined)
  const claims = [
    // Each run counts as a task: what it lists separately is not the same.
    ...left.map((index) => ({ ...(before[index] as Matched), tasks: ['before'] })),
    ...open.map((index) => ({ ...(after[index] as Matched), tasks: ['after'] })),
  ]
  for (const group of clusterFindings(claims)) {
    const known = group.filter((at) => at < left.length).map((at) => left[at] as number)
    const repeats = group
      .filter((at) => at >= left.length)
      .map((at) => open[at - left.length] as number)
    if (repeats.length === 0) continue
    for (const [at, index] of repeats.entries()) {
      const each = known[Math.min(at, known.length - 1)]
      if (each !== undefined) match(each, index)
    }
    for (const each of known) repeated.add(each)
  }
  return { earlier, gone: [...before.keys()].filter((index) => !repeated.has(index)) }
}

/** Pairs with the same file and title, the nearest lines first. */
function sameTitles(
  before: readonly Matched[],
  after: readonly Matched[],
): { known: number; index: number }[] {
  const byKey = Map.groupBy(before.keys(), (index) => keyOf(before[index] as Matched))
  return [...after.entries()]
    .flatMap(([index, finding]) =>
      (byKey.get(keyOf(finding)) ?? []).flatMap((known, place) => {
        const distance = Math.abs((before[known]?.line ?? 0) - (finding.line ?? 0))
        return place < MAX_OF_ONE_TITLE ? { known, index, distance } : []
      }),
    )
    .sort((a, b) => a.distance - b.distance || a.known - b.known || a.index - b.index)
}

/** A rule that matches more often in one file is not paired match by match. */
const MAX_OF_ONE_TITLE = 200

/** Without case, punctuation and numbers. */
function keyOf({ title, file = '' }: Matched): string {
  const words = title.toLowerCase().replace(/[^\p{L}]+/gu, ' ')
  return `${file}\0${words.trim()}`
}
