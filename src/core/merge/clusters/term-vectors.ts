import { termCounts } from '../../text/words.ts'

/** The text of a finding, as the terms of each of its fields. */
export interface Wording {
  fields: readonly Terms[]
  /** Different terms in all of it. */
  size: number
}

interface Terms {
  ids: Int32Array
  /** Damped term counts: a repetition adds less than the first occurrence. */
  counts: Float32Array
}

/** A unit vector, or shorter if a field is empty: the product of two is their likeness, 0 to 1. */
export interface TermVector {
  ids: Int32Array
  weights: Float32Array
}

/**
 * The share of each field in the likeness. The first field is the whole text with the title
 * repeated, the second is the title alone, the third is the advice: what solves two findings says
 * more about a common cause than how they were described.
 */
const SHARES = [0.6, 0.2, 0.2]
const TITLE_REPEATS = 3

/**
 * Rare terms weigh more, but less than in textbook TF-IDF: reviewers describe the same thing in
 * different words.
 */
const RARITY_POWER = 0.7

/**
 * Imaginary findings that are added to the count, so that not every word is rare in a small plan.
 */
const UNSEEN = 10

/** When terms are counted, a group of n findings counts as n to this power. */
const GROUP_POWER = 0.3

/** Numbers the terms of all findings, so that their vectors can be compared. */
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
 * The vectors of findings, with each term weighted by its rarity. If `groups` says which findings
 * were judged the same, terms are counted by group, so that the words of a finding that many tasks
 * made do not look common.
 *
 * @param terms Number of distinct terms.
 * @param groups The group number of each finding.
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

/** The products of all pairs of vectors, in a square matrix below its diagonal. */
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

/** Space for the vectors that contain each term; terms of a single vector are left out. */
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

/**
 * Copies the lower half of a matrix to the upper one, tile by tile to stay within the CPU's cache.
 */
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
