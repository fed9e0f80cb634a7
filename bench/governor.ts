import { randomUUID } from 'node:crypto'
import { startLimitedProvider } from '../test/support/limited-provider.ts'
import { startRedisServer } from '../test/support/redis-server.ts'
import { call, startService } from '../test/support/service.ts'
import { machine } from './figures.ts'

// How close two workers come to what a provider allows: a plan of 200 tasks on one that takes 20
// requests in any second and refuses the rest for a second. `node bench/governor.ts`.

const TASKS = 200
const PER_SECOND = 20
/** The first 20 begin at once, and 20 more with each second. */
const IDEAL_MS = (TASKS / PER_SECOND) * 1_000

const redis = await startRedisServer()
const provider = await startLimitedProvider(PER_SECOND)
const service = await startService({
  redisUrl: redis.url,
  prefix: `bench-${randomUUID().slice(0, 8)}`,
  workers: 2,
  env: { TUTTI_MODEL: 'local:limited', LOCAL_BASE_URL: provider.url, LOG_LEVEL: 'warn' },
})
try {
  const tasks = Array.from({ length: TASKS }, (_, at) => ({
    prompt: `Look at part ${at}.`,
    executor: 'model',
    tools: [],
  }))
  const start = performance.now()
  const { body: plan } = await call<{ status: string; counts: { succeeded: number } }>(
    `${service.url}/v1/plans`,
    'POST',
    { tasks, synthesis: false },
    { prefer: 'wait=60' },
  )
  const tookMs = performance.now() - start
  process.stdout.write(
    `${machine()}\n\n${plan.status}, ${plan.counts.succeeded} of ${TASKS} tasks in ${(tookMs / 1_000).toFixed(2)} s, ` +
      `${(tookMs / IDEAL_MS).toFixed(2)} times the ideal ${IDEAL_MS / 1_000} s; ` +
      `${provider.refused()} requests refused\n`,
  )
} finally {
  await service.stop()
  await provider.close()
  await redis.stop()
}
