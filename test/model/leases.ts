import { QUEUES } from '../../src/queue/names.ts'
import type { World } from './world.ts'

/** Time enough for the leases of dead workers to run out, and for somebody to notice. */
export async function expireLeases({ redis, prefix }: World): Promise<void> {
  for (const name of Object.values(QUEUES)) {
    const active = await redis.lrange(`${prefix}:${name}:active`, 0, -1)
    if (active.length === 0) continue
    const stalled = await redis.smembers(`${prefix}:${name}:stalled`)
    await redis.del(...active.map((id) => `${prefix}:${name}:${id}:lock`))
    await redis.sadd(`${prefix}:${name}:stalled`, ...active, ...stalled)
    await redis.del(`${prefix}:${name}:stalled-check`)
  }
}
