import { randomUUID } from 'node:crypto'
import type { RedisClient } from './redis/connect-redis.ts'

/** How much of a long value is read, written and held in memory at a time. */
export const PAGE_BYTES = 512 * 1024

/** Pages that no script has taken over by then belong to a process that died. */
const STAGED_SECONDS = 3_600
const MOST_TRIES = 3

/**
 * A text in pages; the last one is shorter than the others and may be empty, so that a reader knows
 * where the end is.
 */
export function pagesOf(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  const count = Math.floor(bytes.length / PAGE_BYTES) + 1
  return Array.from({ length: count }, (_, at) =>
    bytes.subarray(at * PAGE_BYTES, (at + 1) * PAGE_BYTES),
  )
}

/** Pages after the first, already written: arguments for a script that takes them over. */
export interface StagedPages {
  /** A hash with a field for each page, by number from 2 on; `''` if there are none. */
  key: string
  /** How many there should be. */
  count: number
}

/**
 * Writes the pages after the first under a key that expires, one at a time, and has `store` run a
 * script that takes them over: with tens of megabytes among its arguments, a script would block
 * Redis. Writes them again if the script finds them incomplete, as after a failover.
 *
 * @param keyOf The key, from an id that nothing else has.
 */
export async function withStagedPages<Result>(
  redis: RedisClient,
  keyOf: (id: string) => string,
  pages: readonly Buffer[],
  store: (staged: StagedPages) => Promise<Result>,
): Promise<Result> {
  if (pages.length === 0) return store({ key: '', count: 0 })
  for (let tries = 1; ; tries += 1) {
    const key = keyOf(randomUUID())
    for (const [index, page] of pages.entries()) {
      await redis
        .multi()
        .hset(key, `${index + 2}`, page)
        .expire(key, STAGED_SECONDS)
        .exec()
    }
    try {
      return await store({ key, count: pages.length })
    } catch (error) {
      const isLost = error instanceof Error && error.message.includes('STAGED_PAGES_LOST')
      if (!isLost || tries === MOST_TRIES) throw error
    }
  }
}
