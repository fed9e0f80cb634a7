import { randomUUID } from 'node:crypto'
import { pagesOf, type Write } from './new-plan-fields.ts'
import type { RedisClient } from './redis/connect-redis.ts'

/**
 * Writes what is too much for one script under keys that expire, so that whoever dies before the script leaves nothing
 * behind. Returns their prefix; the script renames them.
 */
export async function stage(
  redis: RedisClient,
  planKey: string,
  writes: readonly Write[],
): Promise<string> {
  const staged = `${planKey}:staged:${randomUUID()}`
  for (const [command, suffix, args] of writes) {
    const key = `${staged}:${suffix}`
    for (const [index, some] of pagesOf(args).entries()) {
      // In one step: a process that died in between would leave the key for good.
      if (index === 0) {
        await redis
          .multi()
          .call(command, key, ...some)
          .expire(key, 3_600)
          .exec()
      } else {
        await redis.call(command, key, ...some)
      }
    }
  }
  return staged
}
