import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { writeTogether } from '../../../src/store/redis/write-together.ts'

let redis: Redis

beforeAll(async () => {
  redis = new Redis(inject('redisUrl'), { lazyConnect: true })
  writeTogether(redis)
  await redis.connect()
})

afterAll(() => redis.disconnect())

test('what is sent in one turn of the event loop waits for its end and is answered in order', async () => {
  const key = `written:${randomUUID()}`
  const answers = [
    redis.rpush(key, 'a'),
    redis.multi().rpush(key, 'b').rpush(key, 'c').exec(),
    redis.rpush(key, 'd'),
  ]
  expect(redis.stream.writableCorked).toBe(1)
  expect(await Promise.all(answers)).toEqual([
    1,
    [
      [null, 2],
      [null, 3],
    ],
    4,
  ])
  expect(redis.stream.writableCorked).toBe(0)
  expect(await redis.lrange(key, 0, -1)).toEqual(['a', 'b', 'c', 'd'])
})

test('a connection that was made anew writes in the same way', async () => {
  const ended = new Promise((resolve) => redis.once('close', resolve))
  redis.disconnect(true)
  await ended
  expect(await redis.ping()).toBe('PONG')
  const answer = redis.ping()
  expect(redis.stream.writableCorked).toBe(1)
  expect(await answer).toBe('PONG')
})
