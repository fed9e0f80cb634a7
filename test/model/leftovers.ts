import { MOVED_KEY } from './clock.ts'
import type { World } from './world.ts'

/** Keys that a service has regardless of its plans. */
const OWN =
  /:(?:meta|events|id|marker|upkeep|stalled-check|stalled|pc|workers|round|finished|metrics:\S+|limiter)$/

/** What is still in Redis of plans that are all gone. */
export async function leftovers({ redis }: World): Promise<string[]> {
  const keys = await redis.keys('*')
  return keys
    .filter((key) => key !== MOVED_KEY && (!OWN.test(key) || /:plan:/.test(key)))
    .map((key) => `left behind: ${key}`)
}
