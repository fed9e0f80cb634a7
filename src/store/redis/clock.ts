import type { StoreClock } from '../../core/ports/store-clock.ts'
import type { RedisClient } from './connect-redis.ts'
import { whileAvailable } from './while-available.ts'

export function redisClock(redis: RedisClient): StoreClock {
  return () =>
    whileAvailable(async () => {
      const [seconds, micros] = await redis.time()
      return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
    })
}
