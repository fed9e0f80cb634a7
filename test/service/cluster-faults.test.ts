import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts'
import {
  call,
  echoTask,
  finished,
  running,
  type Service,
  startService,
} from '../support/service.ts'

let cluster: RedisCluster
let service: Service

/** Of three masters and three replicas, for all cases: each leaves it whole for the next one. */
beforeAll(async () => {
  cluster = await startRedisCluster({ masters: 3, replicas: true })
  service = await startService({
    redisUrl: cluster.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 1,
    env: { TUTTI_SHARDS: '16' },
  })
})

afterAll(async () => {
  await service?.stop()
  await cluster?.stop()
})

const plan = (delayMs: number) => ({
  tasks: Array.from({ length: 3 }, (_, at) => echoTask(`t${at}`, { delayMs })),
})

async function submit(delayMs: number): Promise<string> {
  const { status, body } = await call<{ id: string }>(
    `${service.url}/v1/plans`,
    'POST',
    plan(delayMs),
  )
  expect(status).toBe(202)
  return body.id
}

/** Twelve plans over all shards, their tasks running. */
async function startPlans(): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: 12 }, () => submit(3_000)))
  await Promise.all(ids.map((id) => running(service, id, 3)))
  return ids
}

async function allFinished(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    expect(await finished(service, id)).toMatchObject({
      status: 'succeeded',
      counts: { succeeded: 3 },
      synthesis: { version: 1 },
    })
  }
}

describe('a Cluster that fails', () => {
  test('nodes that let nobody in while a worker starts: it is listed, and takes tasks, once they do', async () => {
    const nodes = [...cluster.masters, ...cluster.replicas]
    const admit = (count: number) =>
      Promise.all(nodes.map(({ redis }) => redis.config('SET', 'maxclients', count)))
    const refused = async () => {
      const infos = await Promise.all(nodes.map(({ redis }) => redis.info('stats')))
      return infos.reduce(
        (sum, info) => sum + Number(/rejected_connections:(\d+)/.exec(info)?.[1]),
        0,
      )
    }
    const workers = async () =>
      (await call<{ workers: { pid: number }[] }>(`${service.url}/v1/workers`)).body.workers
    await admit(1)
    const starting = service.addWorker()
    await expect.poll(refused, { timeout: 60_000 }).toBeGreaterThan(5)
    expect(await workers()).toHaveLength(1)
    await admit(10_000)
    const started = await starting
    await service.workers[0]?.end('SIGTERM')
    await expect
      .poll(async () => (await workers()).map(({ pid }) => pid), { timeout: 60_000 })
      .toEqual([started.pid])
    await allFinished(await Promise.all(Array.from({ length: 12 }, () => submit(0))))
    // One cause is not logged over and over.
    expect(started.log().split('\n').length).toBeLessThan(100)
  }, 180_000)

  test('sixteen shards: each is on one master, with all keys of its plans', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, () => submit(0)))
    await allFinished(ids)
    const found = await Promise.all(cluster.masters.map(({ redis }) => redis.keys('{*}:*')))
    const shardsOf = (keys: string[]) =>
      new Set(keys.map((key) => /^\{.*?:(s\d+)\}/.exec(key)?.[1] ?? key))
    const shards = found.map(shardsOf)
    for (const some of shards) expect(some.size).toBeGreaterThan(0)
    expect(shards.reduce((sum, some) => sum + some.size, 0)).toBe(16)
    expect(new Set(shards.flatMap((some) => [...some])).size).toBe(16)
    for (const id of ids) {
      const holders = found.filter((keys) => keys.some((key) => key.includes(id)))
      expect(holders).toHaveLength(1)
    }
  }, 120_000)

  test('one master killed: its replica takes over, and every plan ends', async () => {
    const ids = await startPlans()
    await cluster.masters[0]?.kill()
    await allFinished(ids)
    // The one that died was the first of the list: events are heard through another.
    const later = await startPlans()
    const streams = await Promise.all(
      later.map(async (id) => (await fetch(`${service.url}/v1/plans/${id}/events`)).text()),
    )
    for (const text of streams) expect(text).toContain('event: plan.finished')
    await allFinished(later)
  })

  test('all nodes are killed and restarted: requests get 503 meanwhile, then every plan ends', async () => {
    const ids = await startPlans()
    const nodes = [...cluster.masters, ...cluster.replicas]
    await Promise.all(nodes.map((node) => node.kill()))
    const answer = await call<{ type: string }>(`${service.url}/v1/plans`, 'POST', plan(0))
    expect(answer.status).toBe(503)
    expect(answer.body.type).toBe('/problems/unavailable')
    expect((await call(`${service.url}/readyz`)).status).toBe(503)
    await Promise.all(nodes.map((node) => node.restart()))
    await cluster.up()
    await allFinished(ids)
    const hanging = await submit(3_600_000)
    await running(service, hanging, 3)
    await call(`${service.url}/v1/plans/${hanging}/cancel`, 'POST')
    expect(await finished(service, hanging)).toMatchObject({ status: 'cancelled' })
  })
})
