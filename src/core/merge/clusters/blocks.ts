import type { TermVector } from './term-vectors.ts'

/** How many of each vector's heaviest terms are used to look up its neighbours. */
const HEAVY_TERMS = 10
/** How many vectors are looked up by one term. */
const MAX_FOUND_BY_TERM = 100
const MAX_NEIGHBOURS = 10
/** The weight of a shared key, as the square root of a likeness. */
const KEY_WEIGHT = 0.5

/**
 * Splits the vectors into blocks that most likely hold similar ones together, so that all pairs
 * within a block can be compared where all pairs overall would be too many. The strongest pairs are
 * joined first, and no block grows beyond `most`.
 *
 * @param keys Where each vector belongs; those that share a key are neighbours too.
 * @param mayMeet Whether two vectors can be the same at all.
 */
export function blocksOf(
  vectors: readonly TermVector[],
  keys: readonly (string | undefined)[],
  mayMeet: (one: number, other: number) => boolean,
  most: number,
): number[][] {
  const size = vectors.length
  const root = Int32Array.from({ length: size }, (_, index) => index)
  const members = new Int32Array(size).fill(1)
  const find = (index: number): number => {
    let at = index
    while (root[at] !== at) {
      root[at] = root[root[at] as number] as number
      at = root[at] as number
    }
    return at
  }
  for (const [one, other] of neighbours(vectors, keys, mayMeet)) {
    const [a, b] = [find(one), find(other)]
    const together = (members[a] as number) + (members[b] as number)
    if (a === b || together > most) continue
    root[b] = a
    members[a] = together
  }
  const blocks = new Map<number, number[]>()
  for (let index = 0; index < size; index += 1) {
    const at = find(index)
    const block = blocks.get(at)
    if (block === undefined) blocks.set(at, [index])
    else block.push(index)
  }
  return [...blocks.values()]
}

/** Pairs of neighbours, starting with those that share most of their heaviest terms. */
function neighbours(
  vectors: readonly TermVector[],
  keys: readonly (string | undefined)[],
  mayMeet: (one: number, other: number) => boolean,
): [number, number][] {
  const heavy = vectors.map((vector, index) => heaviest(vector, keys[index]))
  const found = listsOf(heavy)
  const shared = new Float64Array(vectors.length)
  const met: number[] = []
  const pairs: { one: number; other: number; weight: number }[] = []
  for (const [one, terms] of heavy.entries()) {
    met.length = 0
    for (const { term, weight } of terms) {
      for (const { index, weight: own } of found.get(term) ?? []) {
        // Pairs are found from both ends; keep one.
        if (index >= one) continue
        if (shared[index] === 0) met.push(index)
        shared[index] = (shared[index] as number) + own * weight
      }
    }
    const nearest: { one: number; other: number; weight: number }[] = []
    for (const other of met) {
      const weight = shared[other] as number
      shared[other] = 0
      const last = nearest.length < MAX_NEIGHBOURS ? undefined : nearest.at(-1)
      if ((last !== undefined && weight <= last.weight) || !mayMeet(one, other)) continue
      if (last !== undefined) nearest.pop()
      let at = nearest.length
      while (at > 0 && (nearest[at - 1]?.weight ?? 0) < weight) at -= 1
      nearest.splice(at, 0, { one, other, weight })
    }
    for (const pair of nearest) pairs.push(pair)
  }
  return pairs
    .sort((a, b) => b.weight - a.weight || a.one - b.one || a.other - b.other)
    .map(({ one, other }) => [one, other])
}

interface Heavy {
  term: number | string
  weight: number
}

function heaviest({ ids, weights }: TermVector, key: string | undefined): Heavy[] {
  const terms = Array.from(
    ids,
    (term, index): Heavy => ({ term, weight: weights[index] as number }),
  )
    .sort((a, b) => b.weight - a.weight)
    .slice(0, HEAVY_TERMS)
  return key === undefined ? terms : [...terms, { term: key, weight: KEY_WEIGHT }]
}

/** The vectors in which each term weighs most. */
function listsOf(heavy: readonly (readonly Heavy[])[]) {
  const lists = new Map<number | string, { index: number; weight: number }[]>()
  for (const [index, terms] of heavy.entries()) {
    for (const { term, weight } of terms) {
      const list = lists.get(term)
      if (list === undefined) lists.set(term, [{ index, weight }])
      else list.push({ index, weight })
    }
  }
  for (const [term, list] of lists) {
    if (list.length <= MAX_FOUND_BY_TERM) continue
    lists.set(term, list.sort((a, b) => b.weight - a.weight).slice(0, MAX_FOUND_BY_TERM))
  }
  return lists
}
