import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startConsumer } from '../../src/queue/consumer.ts'
import { connectForWork } from '../../src/store/redis/connect-redis.ts'
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts'

let cluster: RedisCluster

beforeAll(async () => {
  cluster = await startRedisCluster({ masters: 1 })
})
afterAll(() => cluster.stop())

const ALWAYS = { wantsMore: () => true, readyForMore: async () => undefined }

test('a consumer whose connections are refused while it opens takes jobs as soon as they are let in', async () => {
  const redis = await connectForWork(cluster.url, () => undefined)
  const prefix = `{test-${randomUUID().slice(0, 8)}}`
  const queue = new Queue('tasks', { connection: redis, prefix })
  await queue.waitUntilReady()
  const node = cluster.masters[0]?.redis
  await node?.config('SET', 'maxclients', 1)
  const taken: unknown[] = []
  const faults: string[] = []
  const consumer = startConsumer({
    queueName: 'tasks',
    prefix,
    connection: redis,
    instances: 2,
    gate: ALWAYS,
    handle: async (data) => {
      taken.push(data)
      return 'done'
    },
    onError: (error, event) => faults.push(`${event}: ${error.message}`),
  })
  try {
    await queue.add('unit', { at: 1 })
    await expect.poll(() => faults.length, { timeout: 30_000 }).toBeGreaterThan(0)
    expect(consumer.isFetching).toBe(false)
    await node?.config('SET', 'maxclients', 10_000)
    await expect.poll(() => taken, { timeout: 30_000 }).toEqual([{ at: 1 }])
    await consumer.opened
    expect(consumer.isFetching).toBe(true)
  } finally {
    await node?.config('SET', 'maxclients', 10_000)
    consumer.pause()
    await consumer.idle()
    await consumer.close()
    await queue.close()
    redis.disconnect()
  }
})
