import { Redis } from 'ioredis'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openLargeSubmissions } from '../../src/threads/large-submissions.ts'
import { startRedisServer } from '../support/redis-server.ts'

test('the thread of large submissions ends when there are none, and the next one gets another', async () => {
  const server = await startRedisServer()
  onTestFinished(() => server.stop())
  const redis = new Redis(server.url)
  onTestFinished(() => redis.disconnect())
  const connections = async () =>
    String(await redis.client('LIST'))
      .trim()
      .split('\n').length
  const alone = await connections()

  const log = pino({ level: 'silent' })
  const large = openLargeSubmissions({ redisUrl: server.url, isTraced: false, log, idleMs: 1 })
  onTestFinished(() => large.close())
  const body = { tasks: [{ prompt: 'Say it.', executor: 'echo' }] }
  for (const _ of [1, 2]) {
    expect(
      await large.dryRun({ tenant: 'default', body, idempotencyKey: undefined }),
    ).toMatchObject({
      tasks: [{ executor: 'echo' }],
    })
    await expect.poll(connections, { timeout: 60_000 }).toBe(alone)
  }
}, 120_000)
