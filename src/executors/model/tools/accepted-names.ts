import { createHash } from 'node:crypto'
import { shorten } from '../../../core/text/shorten.ts'

/** The longest name that all providers accept. */
const LONGEST = 64
const HASH_CHARS = 8

/**
 * MCP allows any tool name, but providers reject the whole call for some. Each tool gets a unique
 * name that they accept, always the same.
 *
 * @returns Keyed by the original names.
 */
export function acceptedNames(names: readonly string[]): ReadonlyMap<string, string> {
  const plain = new Map(names.map((name) => [name, name.replace(/[^A-Za-z0-9_-]/g, '_')]))
  const count = new Map<string, number>()
  for (const name of plain.values()) count.set(name, (count.get(name) ?? 0) + 1)
  return new Map(
    [...plain].map(([name, accepted]) => {
      const isOnlyOne = count.get(accepted) === 1 || name === accepted
      if (isOnlyOne && accepted.length <= LONGEST) return [name, accepted]
      const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARS)
      return [name, `${shorten(accepted, LONGEST - HASH_CHARS - 1)}_${hash}`]
    }),
  )
}
