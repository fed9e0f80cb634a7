/** Lower than any sum of similarities, so that two groups with such a pair are never joined. */
export const NEVER = -1e6

/** The size from which a group's own likeness says how close a new member has to be. */
const TELLING_SIZE = 3

export interface LinkLimits {
  /** The least likeness at which two findings, or a finding and a group, are joined. */
  least: number
  /** How much more two groups need, for each e-fold of the smaller group's size. */
  growth: number
  /** The share of a group's inner likeness that whatever joins it must reach. */
  cohesion: number
  /**
   * How much more two single findings need than large groups do: the likeness of one pair is less
   * reliable than the average of many.
   */
  lone: number
}

interface Node {
  /** Index of the finding, if the node is one. */
  leaf: number
  parts: [Node, Node] | undefined
  /** The average likeness over all pairs between its two parts. */
  height: number
  size: number
  /** The sum of the likeness of all pairs within it. */
  sum: number
}

/**
 * Groups similar items by average linkage, as lists of indexes. The result does not depend on the
 * order of the items unless two pairs are exactly equally alike.
 *
 * @param likeness A symmetric matrix of `size` rows; it is overwritten.
 */
export function averageLink(likeness: Float32Array, size: number, limits: LinkLimits): number[][] {
  return linkAll(likeness, size, limits.least).flatMap((root) => cut(root, limits))
}

/** Builds trees by nearest-neighbour chains, in quadratic time. A tree stops growing at `least`. */
function linkAll(likeness: Float32Array, size: number, least: number): Node[] {
  const nodes = Array.from(
    { length: size },
    (_, leaf): Node => ({ leaf, parts: undefined, height: 1, size: 1, sum: 0 }),
  )
  const open = Int32Array.from({ length: size }, (_, index) => index)
  let left = size
  const close = (index: number) => {
    const at = open.subarray(0, left).indexOf(index)
    open.copyWithin(at, at + 1, left)
    left -= 1
  }
  const roots: Node[] = []
  const chain: number[] = []
  while (left > 0) {
    const last = chain.at(-1) ?? (open[0] as number)
    if (chain.length === 0) chain.push(last)
    const before = chain.at(-2) ?? -1
    let nearest = -1
    let most = Number.NEGATIVE_INFINITY
    for (let at = 0; at < left; at += 1) {
      const index = open[at] as number
      if (index === last) continue
      const value = likeness[last * size + index] as number
      if (value > most || (value === most && index === before)) {
        most = value
        nearest = index
      }
    }
    if (most < least) {
      // However the others are joined, none of them gets closer to this one.
      chain.pop()
      roots.push(nodes[last] as Node)
      close(last)
    } else if (nearest !== before) chain.push(nearest)
    else {
      chain.length -= 2
      const [kept, gone] = last < before ? [last, before] : [before, last]
      close(gone)
      nodes[kept] = join(likeness, size, open.subarray(0, left), nodes, kept, gone, most)
    }
  }
  return roots
}

function join(
  likeness: Float32Array,
  size: number,
  open: Int32Array,
  nodes: readonly Node[],
  kept: number,
  gone: number,
  height: number,
): Node {
  const one = nodes[kept] as Node
  const other = nodes[gone] as Node
  const both = one.size + other.size
  for (const index of open) {
    if (index === kept) continue
    const value =
      ((likeness[kept * size + index] as number) * one.size +
        (likeness[gone * size + index] as number) * other.size) /
      both
    likeness[kept * size + index] = value
    likeness[index * size + kept] = value
  }
  return {
    leaf: -1,
    parts: [one, other],
    height,
    size: both,
    sum: one.sum + other.sum + height * one.size * other.size,
  }
}

/** Splits a tree from the top: a node that does not hold together falls into its parts. */
function cut(root: Node, limits: LinkLimits): number[][] {
  const groups: number[][] = []
  const waiting = [root]
  while (waiting.length > 0) {
    const node = waiting.pop() as Node
    if (node.parts === undefined || holds(node, node.parts, limits)) groups.push(leavesOf(node))
    else waiting.push(...node.parts)
  }
  return groups
}

function holds({ height }: Node, parts: [Node, Node], limits: LinkLimits): boolean {
  const smaller = Math.min(parts[0].size, parts[1].size)
  const others = parts[0].size + parts[1].size - 1
  const enough =
    limits.least * (1 + limits.growth * Math.log(smaller)) + limits.lone / Math.sqrt(others)
  if (height < enough) return false
  return parts.every(
    ({ size, sum }) =>
      size < TELLING_SIZE || height >= (limits.cohesion * sum) / ((size * (size - 1)) / 2),
  )
}

function leavesOf(root: Node): number[] {
  const leaves: number[] = []
  const waiting = [root]
  while (waiting.length > 0) {
    const node = waiting.pop() as Node
    if (node.parts === undefined) leaves.push(node.leaf)
    else waiting.push(...node.parts)
  }
  return leaves
}
