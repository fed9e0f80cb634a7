// A plan's id contains its shard, so that its keys can be found from the id alone, and the number
// of shards can grow without moving anything: `p<shard><16 characters>x`.

/** The prefix of all of Tutti's keys; tests have their own. */
export interface KeySpace {
  prefix: string
  /** How many shards new plans are spread over, 1 to 36². */
  shards: number
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

/** Makes a plan id from 16 random or derived bytes. */
export function planIdFrom(bytes: Uint8Array, shards: number): string {
  const shard = ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) % shards
  let text = ''
  for (const byte of bytes) text += DIGITS[byte % 32]
  const tag = `${DIGITS[Math.floor(shard / 36)]}${DIGITS[shard % 36]}`
  // Ends in a letter, because the queue would take an id of digits for a number.
  return `p${tag}${text}x`
}

export function isPlanId(text: string): boolean {
  return /^p[0-9a-z]{2}[0-9a-v]{16}x$/.test(text)
}

export function shardOf(planId: string): number {
  return DIGITS.indexOf(planId[1] ?? '0') * 36 + DIGITS.indexOf(planId[2] ?? '0')
}

/** A shard's hash tag, with which every key of its plans and queues starts. */
export function shardKey(space: KeySpace, shard: number): string {
  return `{${space.prefix}:s${shard}}`
}

export function planKey(space: KeySpace, planId: string): string {
  return `${shardKey(space, shardOf(planId))}:plan:${planId}`
}

/** The keys of a plan in addition to its header; all of them are deleted with the plan. */
export const PLAN_SUFFIXES = [
  'context',
  'submission',
  'ids',
  'specs',
  'tasks',
  'attempts',
  'outputs',
  'paged',
  'inputs',
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
  'requeue',
  'adding',
  'additions',
  'follow',
  'cancelling',
  'dependents',
  'cancels',
  'deliveries',
  'spending',
  'seen',
  'steps',
  'stepfiles',
  'messages',
  'batches',
  'batchcalls',
  'keeper',
] as const
