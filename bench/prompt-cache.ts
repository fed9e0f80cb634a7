import { randomUUID } from 'node:crypto'
import { cachingProvider } from '../test/support/caching-provider.ts'
import { startRedisServer } from '../test/support/redis-server.ts'
import { call, startService } from '../test/support/service.ts'
import { table } from './figures.ts'

// What 8 tasks that share a context of 20,000 tokens pay for their input, on a server that caches
// by bytes and prices as the provider does. `node bench/prompt-cache.ts`.

const TASKS = 8
const CONTEXT = 'Every task of this plan has to know the following. '.repeat(1_570).slice(0, 80_000)
/** How long an answer takes to begin; the cache cannot be read before that. */
const BEGINS_MS = 500

const redis = await startRedisServer()
const rows: string[][] = []
try {
  for (const workers of [1, 2]) {
    const provider = await cachingProvider('Nothing to report.', BEGINS_MS)
    const service = await startService({
      redisUrl: redis.url,
      prefix: `bench-${randomUUID().slice(0, 8)}`,
      workers,
      env: {
        TUTTI_MODEL: 'anthropic:claude-sonnet-4-5',
        ANTHROPIC_API_KEY: 'none',
        ANTHROPIC_BASE_URL: provider.url,
        // So that no worker takes all of them.
        TUTTI_CONCURRENCY: `${TASKS / workers}`,
        LOG_LEVEL: 'warn',
      },
    })
    try {
      const tasks = Array.from({ length: TASKS }, (_, at) => ({
        id: `task-${at + 1}`,
        prompt: `Look at part ${at + 1}.`,
        executor: 'model',
        // Tasks that wait for another one are queued individually, so that both workers share them.
        dependsOn: ['start'],
      }))
      const { body: plan } = await call<{ id: string; status: string }>(
        `${service.url}/v1/plans`,
        'POST',
        {
          context: CONTEXT,
          tasks: [
            { id: 'start', prompt: 'Begin.', executor: 'echo', options: { outputBytes: 2 } },
            ...tasks,
          ],
          synthesis: false,
        },
        { prefer: 'wait=60' },
      )
      const by = new Set<string>()
      for (let at = 1; at <= TASKS; at += 1) {
        const { body } = await call<{ attempts: { workerId: string }[] }>(
          `${service.url}/v1/plans/${plan.id}/tasks/task-${at}`,
        )
        for (const { workerId } of body.attempts) by.add(workerId)
      }
      const writes = provider.calls.filter(({ written }) => written > 0).length
      rows.push([
        `${workers}${by.size === workers ? '' : ` (${by.size} had work)`}`,
        plan.status,
        `${writes}`,
        `${Math.round(provider.units())}`,
        `${Math.round(provider.coldUnits())}`,
      ])
    } finally {
      await service.stop()
      await provider.stop()
    }
  }
} finally {
  await redis.stop()
}
process.stdout.write(table(['workers', 'plan', 'writes', 'units', 'units, cold'], rows))
