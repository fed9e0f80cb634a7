import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import {
  call,
  echoTask,
  finished,
  running,
  type Service,
  startService,
} from '../support/service.ts'

interface PlanView {
  id: string
  status: string
  counts: Record<string, number>
  synthesis: { version: number }
}

let redis: RedisServer
let service: Service

beforeEach(async () => {
  redis = await startRedisServer()
})

afterEach(async () => {
  await service.stop()
  await redis.stop()
})

async function start(workers: number, env: Record<string, string> = {}): Promise<void> {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  service = await startService({ redisUrl: redis.url, prefix, workers, env })
}

async function submit(tasks: unknown[], rest: object = {}): Promise<string> {
  const { status, body } = await call<PlanView>(`${service.url}/v1/plans`, 'POST', {
    tasks,
    ...rest,
  })
  expect(status).toBe(202)
  return body.id
}

interface Attempts {
  attempts: { number: number; outcome: string; workerId: string }[]
}

/** One worker may have taken all of them. */
async function workerWithTasks(planId: string) {
  const { body } = await call<Attempts>(`${service.url}/v1/plans/${planId}/tasks/t0`)
  const workerId = body.attempts.at(-1)?.workerId ?? ''
  return service.workers.find(({ pid }) => workerId.endsWith(`:${pid}`))
}

async function outcomes(planId: string, taskId: string): Promise<string[]> {
  const { body } = await call<Attempts>(`${service.url}/v1/plans/${planId}/tasks/${taskId}`)
  return body.attempts.map((attempt) => attempt.outcome)
}

const tasks = (count: number, delayMs: number) =>
  Array.from({ length: count }, (_, at) => echoTask(`t${at}`, { delayMs }))

describe('a fault loses no work', () => {
  test('a worker killed in mid-plan leaves its tasks to another, with the lost attempt on record', async () => {
    await start(2)
    const planId = await submit(tasks(6, 1_500))
    await running(service, planId, 6)
    await (await workerWithTasks(planId))?.end('SIGKILL')
    const plan = await finished(service, planId)
    expect(plan).toMatchObject({ status: 'succeeded', counts: { succeeded: 6 } })
    expect(plan.synthesis.version).toBe(1)
    const all = await Promise.all(Array.from({ length: 6 }, (_, at) => outcomes(planId, `t${at}`)))
    for (const list of all) expect(list.at(-1)).toBe('succeeded')
    expect(all.filter((list) => list.includes('lost')).length).toBeGreaterThan(0)
  })

  test('an API killed right after its 202 has lost nothing', async () => {
    await start(1)
    const planId = await submit(tasks(20, 500))
    await service.api.end('SIGKILL')
    await service.restartApi()
    expect(await finished(service, planId)).toMatchObject({
      status: 'succeeded',
      counts: { succeeded: 20 },
      synthesis: { version: 1 },
    })
  })

  test('Redis is killed and restarted on its files: requests get 503 meanwhile, then every task ends', async () => {
    await start(2)
    const planId = await submit(tasks(10, 2_000))
    await running(service, planId, 10)
    await redis.kill()
    const answer = await call<{ type: string }>(`${service.url}/v1/plans`, 'POST', {
      tasks: [echoTask('a')],
    })
    expect(answer.status).toBe(503)
    expect(answer.body.type).toBe('/problems/unavailable')
    await redis.restart()
    expect(await finished(service, planId)).toMatchObject({
      status: 'succeeded',
      counts: { succeeded: 10 },
      synthesis: { version: 1 },
    })
  })

  test('a worker that shuts down hands its tasks back without using up an attempt', async () => {
    await start(1, { SHUTDOWN_GRACE_MS: '100' })
    const planId = await submit([
      echoTask('long', { delayMs: 1_500 }, { attempts: 1 }),
      echoTask('quick'),
    ])
    await running(service, planId, 1)
    const second = service.addWorker()
    expect(await service.workers[0]?.end('SIGTERM')).toBe(0)
    await second
    expect(await finished(service, planId)).toMatchObject({ status: 'succeeded' })
    expect(await outcomes(planId, 'long')).toEqual(['interrupted', 'succeeded'])
  })

  test('a worker that shuts down lets tasks finish within its grace period', async () => {
    await start(1)
    const planId = await submit([echoTask('a', { delayMs: 700 })])
    await running(service, planId, 1)
    expect(await service.workers[0]?.end('SIGTERM')).toBe(0)
    await service.addWorker()
    expect(await finished(service, planId)).toMatchObject({ status: 'succeeded' })
    expect(await outcomes(planId, 'a')).toEqual(['succeeded'])
  })

  test('tasks of an ordered plan are each begun once, though the worker dies at every release', async () => {
    await start(1)
    const chain = Array.from({ length: 5 }, (_, at) =>
      echoTask(`t${at}`, { delayMs: 300 }, at === 0 ? {} : { dependsOn: [`t${at - 1}`] }),
    )
    const planId = await submit(chain)
    await running(service, planId, 1)
    for (let kill = 0; kill < 2; kill += 1) {
      await service.workers.at(-1)?.end('SIGKILL')
      await service.addWorker()
    }
    expect(await finished(service, planId)).toMatchObject({
      status: 'succeeded',
      counts: { succeeded: 5 },
    })
    interface Timed {
      items: { id: string; timings: { startedAt: string; finishedAt: string } }[]
    }
    const { body } = await call<Timed>(`${service.url}/v1/plans/${planId}/tasks`)
    const timings = body.items.map((item) => item.timings)
    for (let at = 1; at < timings.length; at += 1) {
      const before = timings[at - 1]?.finishedAt ?? ''
      expect(Date.parse(timings[at]?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(before))
    }
  })
})
