// A synthesis that is too large for one call is a tree: parts of the results on level 1, parts that put
// parts together above, and the synthesis itself as the root.

import type { PartPlace } from '../ports/synthesis-parts.ts'

/** Parts that one part above puts together. */
export const FAN_IN = 10

/** How many parts each level has, the lowest first; the root puts the last level together. */
export function levelsOf(leaves: number): number[] {
  const levels = [leaves]
  for (let count = leaves; count > FAN_IN; ) {
    count = Math.ceil(count / FAN_IN)
    levels.push(count)
  }
  return levels
}

/** The parts of one level. */
export function placesOn(levels: readonly number[], level: number): PartPlace[] {
  return Array.from({ length: levels[level - 1] ?? 0 }, (_, index) => ({ level, index }))
}

/** The parts that one part puts together. */
export function partsBelow(levels: readonly number[], { level, index }: PartPlace): PartPlace[] {
  return placesOn(levels, level - 1).slice(index * FAN_IN, (index + 1) * FAN_IN)
}
