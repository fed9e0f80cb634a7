import { randomUUID } from 'node:crypto'
import type { DuePlans, Patience, Upkeep } from '../core/ports/upkeep.ts'
import { type KeySpace, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { isRedisFull, whileAvailable } from './redis/while-available.ts'
import { readScript } from './scripts.ts'

/** Plans per script, so that Redis can answer others in between. */
const PLANS_AT_ONCE = 200

type Answer = [
  overdue: string[],
  expired: string[],
  unsealed: string[],
  releasing: string[],
  unsettled: string[],
  unwritten: string[],
  next: number,
]

export function redisUpkeep(options: { redis: RedisClient; space: KeySpace }): Upkeep {
  const { redis, space } = options
  const shards = Array.from({ length: space.shards }, (_, shard) => shardKey(space, shard))
  const turn = `${shardKey(space, 0)}:upkeep`
  redis.defineCommand('tutti:due', { numberOfKeys: 1, lua: readScript('due') })
  const commands = redis as unknown as Record<
    string,
    (...args: (string | number)[]) => Promise<Answer>
  >
  const script = commands['tutti:due']
  if (script === undefined) throw new Error('the script was not registered')
  const dueOnPage = script.bind(redis)

  async function dueOf(shard: string, patience: Patience, due: DuePlans): Promise<void> {
    for (let from = 0; from !== -1; ) {
      const { submissionMs, synthesisMs } = patience
      const args = [`${shard}:active`, shard, from, PLANS_AT_ONCE, submissionMs, synthesisMs]
      const [overdue, expired, unsealed, releasing, unsettled, unwritten, next] = await dueOnPage(
        ...args,
      )
      due.overdue.push(...overdue)
      due.expired.push(...expired)
      due.unsealed.push(...unsealed)
      due.releasing.push(...releasing)
      due.unsettled.push(...unsettled)
      due.unwritten.push(...unwritten)
      from = next
    }
  }

  return {
    takeTurn: (ms) =>
      whileAvailable(async () => {
        try {
          return (await redis.set(turn, randomUUID(), 'PX', ms, 'NX')) === 'OK'
        } catch (error) {
          // A full store cannot record turns, and the upkeep makes room.
          if (isRedisFull(error)) return true
          throw error
        }
      }),
    keepTurn: (ms) =>
      whileAvailable(async () => {
        await redis.pexpire(turn, ms)
      }),
    due: (patience) =>
      whileAvailable(async () => {
        const due: DuePlans = {
          overdue: [],
          expired: [],
          unsealed: [],
          releasing: [],
          unsettled: [],
          unwritten: [],
        }
        for (const shard of shards) await dueOf(shard, patience, due)
        return due
      }),
    forget: (planId) =>
      whileAvailable(async () => {
        const shard = shardKey(space, shardOf(planId))
        for (const list of ['active', 'deadlines', 'expiry']) {
          await redis.zrem(`${shard}:${list}`, planId)
        }
      }),
  }
}
