import type { Tutti } from '../client/index.ts'
import { CommandError } from './command-error.ts'

/** A complete id as the service makes them; it is used without looking at other plans. */
const WHOLE_ID = /^p[0-9a-z]{2}[0-9a-v]{16}x$/
/** How many of the newest plans are searched for the beginning of an id. */
const LOOKED_AT = 2_000
const PAGE = 200
const MOST_NAMED = 5

/**
 * Resolves an id, the beginning of one, or `last` for the newest plan.
 *
 * @throws {CommandError} There are no plans, or several ids match.
 */
export async function findPlan(tutti: Tutti, text: string): Promise<string> {
  if (text === 'last') {
    const { items } = await tutti.plans.page({ limit: 1 })
    const [newest] = items
    if (newest === undefined) throw new CommandError('There are no plans yet.')
    return newest.id
  }
  if (WHOLE_ID.test(text)) return text
  const found: string[] = []
  let seen = 0
  for await (const { id } of tutti.plans.list({ limit: PAGE })) {
    if (id === text) return id
    if (id.startsWith(text)) found.push(id)
    seen += 1
    if (seen === LOOKED_AT) break
  }
  if (found.length > 1) {
    const named = found.slice(0, MOST_NAMED).join(', ')
    const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : ''
    throw new CommandError(`${found.length} plans begin with ${text}: ${named}${more}.`)
  }
  // Let the service report that there is none, or find an older one.
  return found[0] ?? text
}
