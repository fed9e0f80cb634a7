import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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

beforeEach(async () => {
  cluster = await startRedisCluster({ masters: 3, replicas: true })
  service = await startService({
    redisUrl: cluster.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 2,
  })
})

afterEach(async () => {
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

  test('all nodes killed and started again: 503 at once meanwhile, then every plan ends', async () => {
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
