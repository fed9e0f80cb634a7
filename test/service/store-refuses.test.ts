import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import {
  call,
  echoTask,
  finished,
  running,
  type Service,
  startService,
} from '../support/service.ts'
import { until } from '../support/units.ts'

let redis: RedisServer
let service: Service
let admin: Redis

beforeEach(async () => {
  redis = await startRedisServer()
  admin = new Redis(redis.url)
  const prefix = `test-${randomUUID().slice(0, 8)}`
  service = await startService({ redisUrl: redis.url, prefix, workers: 1 })
})

afterEach(async () => {
  await service.stop()
  admin.disconnect()
  await redis.stop()
})

const post = (id: string) =>
  call<{ id: string; type?: string }>(`${service.url}/v1/plans`, 'POST', { tasks: [echoTask(id)] })

test.each([
  // Longer than a lease, which is renewed meanwhile.
  { name: 'is full', setting: 'maxmemory', refuses: '1', takes: '0', forMs: 15_000 },
  {
    name: 'has too few replicas',
    setting: 'min-replicas-to-write',
    refuses: '1',
    takes: '0',
    forMs: 4_000,
  },
])(
  'a Redis that $name costs no finished result, and callers hear 503',
  async (given) => {
    const { body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
      tasks: [echoTask('a', { delayMs: 2_000 }, { attempts: 1 })],
    })
    await running(service, body.id, 1)
    await admin.config('SET', given.setting, given.refuses)
    const refused = await post('b')
    expect(refused.status).toBe(503)
    expect(refused.body.type).toBe('/problems/unavailable')
    expect(refused.headers.get('retry-after')).toBe('1')
    const enough = Date.now() + given.forMs
    await until(() => Date.now() > enough)
    await admin.config('SET', given.setting, given.takes)
    expect(await finished(service, body.id)).toMatchObject({ counts: { succeeded: 1 } })
    const task = await call<{ attempts: { outcome: string }[] }>(
      `${service.url}/v1/plans/${body.id}/tasks/a`,
    )
    expect(task.body.attempts.map(({ outcome }) => outcome)).toEqual(['succeeded'])
  },
  90_000,
)

test('while Redis is busy with a script, requests get 503, and then it continues', async () => {
  await admin.config('SET', 'busy-reply-threshold', '50')
  // What Redis has to load of the service, it has.
  await finished(service, (await post('before')).body.id)
  const busy = new Redis(redis.url)
  const script = busy.eval('while true do end', 0).catch((error: Error) => error)
  try {
    const answer = await post('a')
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
  } finally {
    await admin.script('KILL')
  }
  expect(await script).toBeInstanceOf(Error)
  busy.disconnect()
  const { body } = await post('c')
  expect(await finished(service, body.id)).toMatchObject({ status: 'succeeded' })
})
