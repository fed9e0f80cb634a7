import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { startPrivateRedis } from '../../src/store/redis/private-redis.ts'

const log = pino({ level: 'silent' })

async function aDataDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-private-redis-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Calls once, over a new connection; undefined if nothing answers. */
async function ask<T>(url: string, call: (redis: Redis) => Promise<T>): Promise<T | undefined> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await call(redis)
  } catch {
    return undefined
  } finally {
    redis.disconnect()
  }
}

test('a private Redis that an earlier run stops under a later one comes back, with what it held', async () => {
  const directory = await aDataDir()
  const earlier = await startPrivateRedis(directory, log)
  const later = await startPrivateRedis(directory, log)
  onTestFinished(() => later.stop())
  expect(later.url).toBe(earlier.url)
  await ask(later.url, (redis) => redis.set('plan', 'kept'))
  await earlier.stop()
  await expect
    .poll(() => ask(later.url, (redis) => redis.get('plan')), { timeout: 20_000 })
    .toBe('kept')
})

test('of two runs that use one private Redis the one that ends first does not stop it, the last one does', async () => {
  for (const first of ['earlier', 'later'] as const) {
    const directory = await aDataDir()
    const earlier = await startPrivateRedis(directory, log)
    const later = await startPrivateRedis(directory, log)
    const pid = () =>
      ask(earlier.url, async (open) => /process_id:(\d+)/.exec(await open.info('server'))?.[1])
    const before = await pid()
    expect(before).toMatch(/^\d+$/)
    const [ends, stays] = first === 'earlier' ? [earlier, later] : [later, earlier]
    await ends.stop()
    expect(await pid()).toBe(before)
    await stays.stop()
    await expect.poll(pid, { timeout: 20_000 }).toBeUndefined()
  }
})

test('a private Redis that dies is started again, and ends with the run that started it', async () => {
  const redis = await startPrivateRedis(await aDataDir(), log)
  const pid = () =>
    ask(redis.url, async (open) => /process_id:(\d+)/.exec(await open.info('server'))?.[1])
  const first = await pid()
  process.kill(Number(first), 'SIGKILL')
  await expect.poll(pid, { timeout: 20_000 }).not.toBe(first)
  await expect.poll(pid, { timeout: 20_000 }).toMatch(/^\d+$/)
  await redis.stop()
  expect(await pid()).toBeUndefined()
})
