import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RedisGroup, startRedisGroup } from '../support/redis-sentinel.ts'
import {
  call,
  echoTask,
  finished,
  running,
  type Service,
  startService,
} from '../support/service.ts'

let group: RedisGroup
let service: Service

beforeEach(async () => {
  group = await startRedisGroup()
  service = await startService({
    redisUrl: group.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 2,
  })
})

afterEach(async () => {
  await service?.stop()
  await group?.stop()
})

const tasks = (count: number, delayMs: number) =>
  Array.from({ length: count }, (_, at) => echoTask(`t${at}`, { delayMs }))

async function submit(plan: object): Promise<string> {
  const { status, body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', plan)
  expect(status).toBe(202)
  return body.id
}

/** Submits until the API has found the new master. */
async function submitOnceBack(plan: object): Promise<string> {
  while (true) {
    const answer = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', plan)
    if (answer.status === 202) return answer.body.id
    expect(answer.status).toBe(503)
  }
}

describe('under Sentinel', () => {
  test('a master that dies is replaced: callers get 503 until then, and running plans end', async () => {
    const planId = await submit({ tasks: tasks(10, 2_000) })
    await running(service, planId, 10)
    await group.killMaster()
    const { status } = await call(`${service.url}/v1/plans`, 'POST', { tasks: tasks(1, 0) })
    expect(status).toBe(503)
    expect(await finished(service, planId)).toMatchObject({
      status: 'succeeded',
      counts: { succeeded: 10 },
      synthesis: { version: 1 },
    })
    expect(await finished(service, await submitOnceBack({ tasks: tasks(3, 0) }))).toMatchObject({
      status: 'succeeded',
    })
  })

  test('a master that becomes a replica hands over, and listeners move with it', async () => {
    const planId = await submit({ tasks: tasks(10, 2_000) })
    await running(service, planId, 10)
    await group.failOver()
    expect(await finished(service, planId)).toMatchObject({ status: 'succeeded' })
    const hanging = await submitOnceBack({ tasks: [echoTask('a', { hang: true })] })
    await running(service, hanging, 1)
    await call(`${service.url}/v1/plans/${hanging}/cancel`, 'POST')
    expect(await finished(service, hanging)).toMatchObject({ status: 'cancelled' })
  })
})
