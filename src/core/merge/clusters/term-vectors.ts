import { termCounts } from '../../text/words.ts'

/** What a finding says, as the terms of each of its fields. */
export interface Wording {
  fields: readonly Terms[]
  /** Different terms in all of it. */
  size: number
}

interface Terms {
  ids: Int32Array
  /** How often each is there, damped: the second time says less than the first. */
  counts: Float32Array
}

/** A unit vector, or nearly one where a field is empty: the product of two is their likeness, 0 to 1. */
export interface TermVector {
  ids: Int32Array
  weights: Float32Array
}

/**
 * All that is said counts, the title most: it is in the first field three times, and alone in the
 * second. The advice is the third. The shares are those of the likeness.
 */
const SHARES = [0.7, 0.2, 0.1]
const TITLE_REPEATS = 3

/** Rare terms count for more, but less than by the textbook: reviewers use other words for the same. */
const RARITY_POWER = 0.7

/** Findings that a plan is thought to have besides its own, so that in a small one every word is rare. */
const UNSEEN = 10

/** A group of n findings counts as this power of n when terms are counted. */
const GROUP_POWER = 0.3

/** Numbers the terms of all findings, so that vectors of them can be compared. */
export function readWordings(
  texts: readonly { title: string; detail: string; recommendation: string }[],
): { wordings: Wording[]; terms: number } {
  let terms = 0
  const known = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
  const read = (counts: ReadonlyMap<string, number>, field: number): Terms => {
    const ids = known[field] as Map<string, number>
    const found = { ids: new Int32Array(counts.size), counts: new Float32Array(counts.size) }
    let at = 0
    for (const [term, count] of counts) {
      let id = ids.get(term)
      if (id === undefined) {
        id = terms
        terms += 1
        ids.set(term, id)
      }
      found.ids[at] = id
      found.counts[at] = 1 + Math.log(count)
      at += 1
    }
    return found
  }
  const wordings = texts.map(({ title, detail, recommendation }): Wording => {
    const titled = termCounts(title)
    const advised = termCounts(recommendation)
    const whole = new Map<string, number>()
    const add = (counts: ReadonlyMap<string, number>, times: number) => {
      for (const [term, count] of counts) whole.set(term, (whole.get(term) ?? 0) + count * times)
    }
    add(titled, TITLE_REPEATS)
    add(termCounts(detail), 1)
    add(advised, 1)
    return { fields: [whole, titled, advised].map(read), size: whole.size }
  })
  return { wordings, terms }
}

/**
 * The vectors of findings: a term weighs by how rare it is. Where `groups` says which findings were
 * found to be the same, a term is counted by groups, so that the words of what many tasks found do
 * not pass for common ones.
 *
 * @param terms How many there are.
 * @param groups Of each finding, the number of its group.
 */
export function weighTerms(
  wordings: readonly Wording[],
  terms: number,
  groups?: readonly number[],
): TermVector[] {
  const rarity = rarityOf(wordings, terms, groups ?? wordings.map((_, index) => index))
  return wordings.map(({ fields }) => {
    const length = fields.reduce((sum, field) => sum + field.ids.length, 0)
    const vector = { ids: new Int32Array(length), weights: new Float32Array(length) }
    let at = 0
    for (const [number, { ids, counts }] of fields.entries()) {
      const weights = counts.map((count, index) => count * (rarity[ids[index] as number] as number))
      const norm = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0))
      const scale = norm === 0 ? 0 : Math.sqrt(SHARES[number] ?? 0) / norm
      vector.ids.set(ids, at)
      vector.weights.set(
        weights.map((weight) => weight * scale),
        at,
      )
      at += ids.length
    }
    return vector
  })
}

function rarityOf(
  wordings: readonly Wording[],
  terms: number,
  groups: readonly number[],
): Float64Array {
  const members = new Map<number, Wording[]>()
  for (const [index, wording] of wordings.entries()) {
    const group = groups[index] ?? index
    const others = members.get(group)
    if (others === undefined) members.set(group, [wording])
    else others.push(wording)
  }
  const frequency = new Float64Array(terms)
  let total = UNSEEN
  for (const group of members.values()) {
    const weight = group.length ** GROUP_POWER
    total += weight
    for (const { fields } of group) {
      for (const { ids } of fields) {
        for (const id of ids) frequency[id] = (frequency[id] as number) + weight / group.length
      }
    }
  }
  return frequency.map((count) =>
    count === 0 ? 0 : Math.max(0, Math.log(total / Math.max(count, 0.5))) ** RARITY_POWER,
  )
}

/** The product of each two vectors, in a square matrix below its diagonal. */
export function productsOf(vectors: readonly TermVector[]): Float32Array {
  const size = vectors.length
  const products = new Float32Array(size * size)
  const lists = listByTerm(vectors)
  for (const [row, { ids, weights }] of vectors.entries()) {
    const start = row * size
    for (let at = 0; at < ids.length; at += 1) {
      const weight = weights[at] as number
      const list = lists.get(ids[at] as number)
      if (list === undefined || weight === 0) continue
      const { rows, weights: others, filled } = list
      for (let place = 0; place < filled; place += 1) {
        const cell = start + (rows[place] as number)
        products[cell] = (products[cell] as number) + weight * (others[place] as number)
      }
      rows[filled] = row
      others[filled] = weight
      list.filled += 1
    }
  }
  return products
}

/** Room for the vectors that each term is in; none for a term of one. */
function listByTerm(vectors: readonly TermVector[]) {
  const counts = new Map<number, number>()
  for (const { ids } of vectors) for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  const lists = new Map<number, { rows: Int32Array; weights: Float32Array; filled: number }>()
  for (const [id, count] of counts) {
    if (count < 2) continue
    lists.set(id, { rows: new Int32Array(count), weights: new Float32Array(count), filled: 0 })
  }
  return lists
}

/** Copies what is below the diagonal above it, tile by tile, because caches are small. */
export function mirror(matrix: Float32Array, size: number): void {
  for (let top = 0; top < size; top += TILE) {
    for (let left = 0; left <= top; left += TILE) {
      for (let row = top; row < Math.min(top + TILE, size); row += 1) {
        for (let column = left; column < Math.min(left + TILE, row); column += 1) {
          matrix[column * size + row] = matrix[row * size + column] as number
        }
      }
    }
  }
}

const TILE = 64
