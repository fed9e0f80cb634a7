import { randomUUID } from 'node:crypto'
import { afterEach, expect, inject, test } from 'vitest'
import {
  call,
  echoTask,
  finished,
  running,
  type Service,
  startService,
} from '../support/service.ts'

let service: Service

afterEach(() => service.stop())

const start = async (env: Record<string, string>) => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 1,
    env,
  })
}

interface Attempts {
  attempts: { outcome: string; workerId: string }[]
}

async function attemptsOf(planId: string, taskId: string) {
  const task = await call<Attempts>(`${service.url}/v1/plans/${planId}/tasks/${taskId}`)
  return task.body.attempts
}

test('a worker that comes with free slots takes what a busy one has no room for', async () => {
  await start({ TUTTI_CONCURRENCY: '1' })
  const { body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
    tasks: [
      echoTask('slow', { delayMs: 20_000 }),
      ...['a', 'b', 'c', 'd'].map((id) => echoTask(id)),
    ],
  })
  await running(service, body.id, 1)
  const idle = await service.addWorker({ TUTTI_CONCURRENCY: '10' })
  const succeeded = async () => {
    const plan = await call<{ counts: Record<string, number> }>(
      `${service.url}/v1/plans/${body.id}`,
    )
    return plan.body.counts
  }
  while ((await succeeded())['succeeded'] !== 4) await running(service, body.id, 0)
  expect(await succeeded()).toMatchObject({ running: 1 })
  for (const id of ['a', 'b', 'c', 'd']) {
    const [attempt] = await attemptsOf(body.id, id)
    expect(attempt?.workerId).toMatch(new RegExp(`:${idle.pid}$`))
  }
  expect(await finished(service, body.id)).toMatchObject({
    status: 'succeeded',
    synthesis: { version: 1 },
  })
})

test('what a killed worker had taken of a bundle is run by another, and everything else once', async () => {
  await start({ TUTTI_CONCURRENCY: '3' })
  const ids = Array.from({ length: 12 }, (_, at) => `t${at}`)
  const { body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
    tasks: ids.map((id) => echoTask(id, { delayMs: 1_000 })),
  })
  await running(service, body.id, 3)
  await service.workers[0]?.end('SIGKILL')
  await service.addWorker({ TUTTI_CONCURRENCY: '3' })
  expect(await finished(service, body.id)).toMatchObject({
    status: 'succeeded',
    counts: { succeeded: 12 },
    synthesis: { version: 1 },
  })
  const all = await Promise.all(ids.map((id) => attemptsOf(body.id, id)))
  const lost = all.filter((attempts) => attempts.some(({ outcome }) => outcome === 'lost'))
  expect(lost.length).toBeGreaterThan(0)
  expect(lost.length).toBeLessThanOrEqual(3)
})
