import { randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import { startLimitedProvider } from '../test/support/limited-provider.ts'
import { startRedisServer } from '../test/support/redis-server.ts'
import { call, startService } from '../test/support/service.ts'
import { machine, median, table } from './figures.ts'

// How close two workers come to a provider's limit: a plan of 200 tasks on a provider that accepts
// 20 requests in any second and refuses the rest for a second. Every round has new workers, because
// what they learn would help the next round. `node bench/governor.ts [rounds]`.

const TASKS = 200
const PER_SECOND = 20
/** The first 20 start at once, and 20 more every second. */
const IDEAL_MS = (TASKS / PER_SECOND) * 1_000

const rounds = Number(process.argv[2] ?? 3)

async function round(redisUrl: string) {
  const provider = await startLimitedProvider(PER_SECOND)
  const service = await startService({
    redisUrl,
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
    const [load = 0] = loadavg()
    const start = performance.now()
    const { body: plan } = await call<{ counts: { succeeded: number } }>(
      `${service.url}/v1/plans`,
      'POST',
      { tasks, synthesis: false },
      { prefer: 'wait=60' },
    )
    const tookMs = performance.now() - start
    return { tookMs, load, succeeded: plan.counts.succeeded, refused: provider.refused() }
  } finally {
    await service.stop()
    await provider.close()
  }
}

const redis = await startRedisServer()
try {
  const results: Awaited<ReturnType<typeof round>>[] = []
  for (let at = 0; at < rounds; at += 1) results.push(await round(redis.url))
  const ratio = (ms: number) => (ms / IDEAL_MS).toFixed(2)
  process.stdout.write(`${machine()}\n\n`)
  process.stdout.write(
    table(
      ['round', 'seconds', 'of the ideal', 'succeeded', 'refused', 'load before'],
      results.map(({ tookMs, succeeded, refused, load }, at) => [
        `${at + 1}`,
        (tookMs / 1_000).toFixed(2),
        ratio(tookMs),
        `${succeeded}`,
        `${refused}`,
        load.toFixed(1),
      ]),
    ),
  )
  process.stdout.write(`\nMedian: ${ratio(median(results.map(({ tookMs }) => tookMs)))}\n`)
} finally {
  await redis.stop()
}
