// Plan ids carry their shard, so that a plan's keys can be found from its id alone, and the number of
// shards can grow without moving anything: `p<shard><22 characters>`.

/** The prefix of all keys of Tutti; tests have their own. */
export interface KeySpace {
  prefix: string
  /** How many shards new plans are spread over, 1 to 36². */
  shards: number
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

/** The id of a plan from 16 random or derived bytes. */
export function planIdFrom(bytes: Uint8Array, shards: number): string {
  const shard = ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) % shards
  let text = ''
  for (const byte of bytes) text += DIGITS[byte % 32]
  const tag = `${DIGITS[Math.floor(shard / 36)]}${DIGITS[shard % 36]}`
  // Ends in a letter: the queue would take an id of digits for a number.
  return `p${tag}${text}x`
}

export function isPlanId(text: string): boolean {
  return /^p[0-9a-z]{2}[0-9a-v]{16}x$/.test(text)
}

export function shardOf(planId: string): number {
  return DIGITS.indexOf(planId[1] ?? '0') * 36 + DIGITS.indexOf(planId[2] ?? '0')
}

/** The hash tag of a shard: every key of its plans and its queues begins with it. */
export function shardKey(space: KeySpace, shard: number): string {
  return `{${space.prefix}:s${shard}}`
}

export function planKey(space: KeySpace, planId: string): string {
  return `${shardKey(space, shardOf(planId))}:plan:${planId}`
}

/** Everything a plan has beside its header; all of it goes when the plan goes. */
export const PLAN_SUFFIXES = [
  'context',
  'submission',
  'ids',
  'specs',
  'tasks',
  'attempts',
  'outputs',
  'ended',
  'events',
  'text',
  'syntheses',
  'versions',
  'synthesized',
  'parts',
  'files',
  'units',
  'todo',
  'bundles',
  'priorities',
  'held',
  'ready',
  'released',
  'follow',
  'cancelling',
  'dependents',
  'cancels',
  'deliveries',
  'spending',
  'seen',
] as const
