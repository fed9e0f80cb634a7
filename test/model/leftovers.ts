import type { Redis } from 'ioredis'
import { MOVED_KEY } from './clock.ts'
import type { World } from './world.ts'

/** Keys that a service has whatever plans there are. */
const OWN =
  /:(?:meta|events|id|marker|stalled-check|stalled|pc|workers|round|finished|metrics:\S+|limiter)$/

/** What is still in Redis of plans that are all gone. */
export async function leftovers({ redis }: World): Promise<string[]> {
  const keys = await redis.keys('*')
  return keys
    .filter((key) => key !== MOVED_KEY && (!OWN.test(key) || /:plan:/.test(key)))
    .map((key) => `left behind: ${key}`)
}

/** What a plan that has finished must not have: anything held, released, reserved or being spent. */
export async function unfinishedBusiness(redis: Redis, key: string): Promise<string[]> {
  const names = ['held', 'ready', 'released', 'spending']
  const replies = await redis
    .pipeline(names.map((name) => ['exists', `${key}:${name}`]))
    .hmget(key, 'constrained', 'inFlight', 'b:reserved', 'b:blind', 'batch')
    .exec()
  const [constrained, inFlight, reserved, blind, batch] = (replies?.at(-1)?.[1] ?? []) as (
    | string
    | null
  )[]
  return [
    ...names
      .filter((_, at) => replies?.[at]?.[1] === 1)
      .map((name) => `the plan has ended with ${name}`),
    ...(constrained !== '1' || Number(inFlight ?? 0) === 0
      ? []
      : [`the plan has ended with ${inFlight} in flight`]),
    ...(Number(reserved ?? 0) === 0 ? [] : ['the plan has ended with money set aside']),
    ...(Number(blind ?? 0) === 0 ? [] : ['the plan has ended with blind calls']),
    ...(batch === null ? [] : ['the plan has ended with a batch on its way']),
  ]
}
