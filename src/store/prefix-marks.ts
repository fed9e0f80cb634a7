import { createHash } from 'node:crypto'
import { LEAD_MS, type PrefixMarks } from '../core/model-gate/prefix-gate.ts'
import { type KeySpace, shardKey } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { readScript } from './scripts.ts'

const SCRIPT = readScript('mark-prefix')

type Answer = [] | ['lead'] | ['warm', forMs: number] | ['led', calling: 0 | 1]

/** Marks shared by all processes: one key per prefix, which expires with its claim. */
export function redisPrefixMarks(options: { redis: RedisClient; space: KeySpace }): PrefixMarks {
  const { redis, space } = options
  redis.defineCommand('tutti:mark-prefix', { numberOfKeys: 1, lua: SCRIPT })
  const commands = redis as unknown as Record<string, (...args: string[]) => Promise<Answer>>
  const script = commands['tutti:mark-prefix']
  if (script === undefined) throw new Error('the script was not registered')
  const run = (action: string, key: string, token: string, ms: number, calling = false) =>
    script.call(redis, markKey(space, key), action, token, `${ms}`, calling ? '1' : '0')
  return {
    async claim(key, token) {
      const [status, value] = await run('claim', key, token, LEAD_MS)
      if (status === 'warm') return { status, forMs: value }
      if (status === 'led') return { status, calling: value === 1 }
      return { status: 'lead' }
    },
    async hold(key, token, calling) {
      await run('hold', key, token, LEAD_MS, calling)
    },
    async warm(key, forMs) {
      await run('warm', key, '', forMs)
    },
    async leave(key, token) {
      await run('leave', key, token, 0)
    },
  }
}

/** Next to the models' own keys. Hashed, because a prefix's name may be long. */
function markKey(space: KeySpace, key: string): string {
  const hash = createHash('sha256').update(key).digest('base64url').slice(0, 32)
  return `${shardKey(space, 0)}:prefix:${hash}`
}
