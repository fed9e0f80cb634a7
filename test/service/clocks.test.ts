import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import {
  call,
  clockAhead,
  echoTask,
  finished,
  running,
  type Service,
  startService,
} from '../support/service.ts'

const HOUR_MS = 3_600_000

let server: RedisServer
let redis: Redis
let service: Service
let prefix: string

beforeEach(async () => {
  server = await startRedisServer()
  redis = new Redis(server.url)
  prefix = `test-${randomUUID().slice(0, 8)}`
})

afterEach(async () => {
  await service.stop()
  redis.disconnect()
  await server.stop()
})

const start = async (
  workers: number,
  env: Record<string, string> = {},
  apiEnv: Record<string, string> = {},
) => {
  service = await startService({ redisUrl: server.url, prefix, workers, env, apiEnv })
}

async function submit(body: object): Promise<string> {
  const answer = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', body)
  expect(answer.status).toBe(202)
  return answer.body.id
}

/** Resolves after this many turns of upkeep from now on; each has its own name. */
async function upkeepTurns(count: number): Promise<void> {
  const turns = new Set<string>()
  const seen = async () => {
    const turn = await redis.get(`{${prefix}:s0}:upkeep`)
    if (turn !== null) turns.add(turn)
    return turns.size
  }
  // The first may have begun before.
  await expect.poll(seen, { timeout: 60_000, interval: 100 }).toBeGreaterThan(count)
}

test('a worker an hour ahead neither stops nor deletes a plan before its time', async () => {
  await start(0, { TUTTI_RETENTION_MS: `${HOUR_MS / 2}` })
  await service.addWorker(clockAhead(HOUR_MS))
  const done = await submit({ tasks: [echoTask('a')] })
  await finished(service, done)
  const plan = await submit({
    tasks: [echoTask('a', { hang: true })],
    policy: { timeoutMs: HOUR_MS / 2 },
  })
  await running(service, plan, 1)
  // The API might do it instead.
  await service.api.end('SIGKILL')
  await upkeepTurns(2)
  await service.restartApi()
  expect((await call(`${service.url}/v1/plans/${plan}`)).body).toMatchObject({ status: 'running' })
  expect((await call(`${service.url}/v1/plans/${done}`)).status).toBe(200)
}, 240_000)

test.each([
  ['ahead', HOUR_MS],
  ['behind', -HOUR_MS],
])(
  'workers of any clock are listed by an API an hour %s, and say when they were seen by one clock',
  async (_, ms) => {
    await start(1, {}, clockAhead(ms))
    await service.addWorker(clockAhead(HOUR_MS))
    await service.addWorker(clockAhead(-HOUR_MS))
    const { body } = await call<{ workers: { startedAt: string; lastSeenAt: string }[] }>(
      `${service.url}/v1/workers`,
    )
    expect(body.workers).toHaveLength(3)
    const [seconds] = await redis.time()
    for (const { startedAt, lastSeenAt } of body.workers) {
      for (const time of [startedAt, lastSeenAt]) {
        expect(Math.abs(Date.parse(time) - Number(seconds) * 1_000)).toBeLessThan(HOUR_MS / 2)
      }
    }
  },
)

test('all times of a plan are by the clock of Redis, not by those of the processes', async () => {
  await start(0, {}, clockAhead(-HOUR_MS))
  await service.addWorker(clockAhead(HOUR_MS))
  const id = await submit({ tasks: [echoTask('a')] })
  await finished(service, id)
  const [seconds] = await redis.time()
  const { body: plan } = await call(`${service.url}/v1/plans/${id}`)
  const { body: synthesis } = await call(`${service.url}/v1/plans/${id}/synthesis`)
  const { body: report } = await call(`${service.url}/v1/plans/${id}/report`)
  const times = JSON.stringify([plan, synthesis, report]).match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? []
  expect(times.length).toBeGreaterThan(3)
  const limit = HOUR_MS / 2
  for (const time of times.filter((text) => text !== plan['expiresAt'])) {
    expect(Math.abs(Date.parse(time) - Number(seconds) * 1_000)).toBeLessThan(limit)
  }
}, 240_000)

test('without any worker a plan that runs out of time is stopped, and one past its retention goes', async () => {
  await start(1, { TUTTI_RETENTION_MS: '1000' })
  const done = await submit({ tasks: [echoTask('a')] })
  await finished(service, done)
  // Told to end, so that it takes the job of the synthesis off the queue: nobody else is there to do it.
  await service.workers[0]?.end('SIGTERM')
  const id = await submit({ tasks: [echoTask('a')], policy: { timeoutMs: 1_000 } })
  await expect
    .poll(async () => (await call(`${service.url}/v1/plans/${id}`)).body, { timeout: 30_000 })
    .toMatchObject({ stopped: { code: 'plan-timeout' }, counts: { cancelled: 1 } })
  await expect.poll(() => redis.keys(`*${done}*`), { timeout: 30_000 }).toEqual([])
}, 240_000)

test('idle processes look after plans one at a time, at the cost of a few commands', async () => {
  await start(0)
  const apis = await Promise.all([0, 1].map(() => service.addApi()))
  expect(apis).toHaveLength(2)
  await upkeepTurns(1)
  await redis.config('RESETSTAT')
  await upkeepTurns(5)
  const stats = await redis.info('commandstats')
  const calls = (command: string) =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  // One after another, not all three.
  expect(calls('zrangebyscore')).toBeLessThanOrEqual(2 * 6)
  const polled = calls('get') + calls('info') + calls('config')
  const all = [...stats.matchAll(/cmdstat_[^:]+:calls=(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
  expect(all - polled).toBeLessThanOrEqual(6 * 15)
}, 240_000)
