import { createHash, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Caller } from '../../../src/http/security/api-keys.ts'
import { parseApiKeys } from '../../../src/http/security/api-keys.ts'
import { rateLimits } from '../../../src/http/security/rate-limits.ts'
import { anApp } from '../harness.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const KEYS: Map<string, Caller> = parseApiKeys(
  `a:${sha256('one')},a:${sha256('two')},b:${sha256('three')}`,
)

function aRedis(): Redis {
  const redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: 0, enableOfflineQueue: true })
  redis.on('error', () => undefined)
  onTestFinished(() => redis.disconnect())
  return redis
}

async function limited(redis: Redis, prefix: string) {
  const { app } = await anApp({
    keys: KEYS,
    plugins: [rateLimits({ redis, prefix, perMinute: 3 })],
  })
  return (key: string, url = '/v1/plans') => app.inject({ url, headers: { 'x-api-key': key } })
}

test('a tenant is limited over all its keys and all API processes, others are not', async () => {
  const redis = aRedis()
  const prefix = `test-${randomUUID()}`
  const first = await limited(redis, prefix)
  const second = await limited(aRedis(), prefix)
  const answer = await first('one')
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['ratelimit-policy']).toBe('"requests";q=3;w=60')
  expect(answer.headers.ratelimit).toMatch(/^"requests";r=2;t=(59|60)$/)
  expect((await second('two')).headers.ratelimit).toMatch(/^"requests";r=1;t=\d+$/)
  expect((await first('one')).headers.ratelimit).toMatch(/^"requests";r=0;t=\d+$/)
  const refused = await second('one')
  expect(refused.statusCode).toBe(429)
  expect(refused.json()).toMatchObject({
    status: 429,
    type: expect.stringContaining('rate-limited'),
  })
  expect(refused.headers['content-type']).toContain('application/problem+json')
  expect(refused.headers.ratelimit).toMatch(/^"requests";r=0;t=\d+$/)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect((await first('three')).statusCode).toBe(200)
  expect(await redis.keys(`${prefix}:*`)).toHaveLength(2)
})

test('neither probes nor strangers count', async () => {
  const ask = await limited(aRedis(), `test-${randomUUID()}`)
  for (let count = 0; count < 5; count += 1) {
    expect((await ask('one', '/livez')).headers.ratelimit).toBeUndefined()
    expect((await ask('unknown')).statusCode).toBe(401)
  }
  expect((await ask('one')).headers.ratelimit).toMatch(/r=2;/)
})

test('while Redis is away nothing is limited', async () => {
  const redis = aRedis()
  const ask = await limited(redis, `test-${randomUUID()}`)
  redis.disconnect()
  for (let count = 0; count < 5; count += 1) {
    const answer = await ask('one')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers.ratelimit).toBeUndefined()
  }
})
