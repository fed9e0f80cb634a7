import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'

export const QUEUE = 'floor:todo'
export const LEASES = 'floor:leases'
export const ENDED = 'floor:ended'

interface FloorCommands {
  submit(queue: string, ...args: (string | number)[]): Promise<void>
  take(queue: string, leases: string, count: number, until: number): Promise<string[]>
  finish(leases: string, ...ended: string[]): Promise<string[]>
}

/** The minimum that Redis must do for a batch: a lease and a result per task, in shared calls. */
export function openFloorQueue(): Redis & FloorCommands {
  const redis = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
  const textOf = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8')
  redis.defineCommand('submit', { numberOfKeys: 1, lua: textOf('submit') })
  redis.defineCommand('take', { numberOfKeys: 2, lua: textOf('take') })
  redis.defineCommand('finish', { numberOfKeys: 1, lua: textOf('end') })
  return redis as Redis & FloorCommands
}
