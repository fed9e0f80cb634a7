// A synthesis that is too large for one call is a tree: level 1 covers the results, each higher
// level combines the parts below it, and the synthesis itself is the root.

import type { PartPlace } from '../ports/synthesis-parts.ts'

/** How many parts a part on the next level combines. */
export const FAN_IN = 10

/** The number of parts per level, the lowest first; the root combines the last level. */
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

/** The parts that one part combines. */
export function partsBelow(levels: readonly number[], { level, index }: PartPlace): PartPlace[] {
  return placesOn(levels, level - 1).slice(index * FAN_IN, (index + 1) * FAN_IN)
}
