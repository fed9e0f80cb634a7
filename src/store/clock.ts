import type { StoreClock } from '../core/ports/store-clock.ts'
import { type RedisClient, whileAvailable } from './connect-redis.ts'

export function redisClock(redis: RedisClient): StoreClock {
  return () =>
    whileAvailable(async () => {
      const [seconds, micros] = await redis.time()
      return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
    })
}
