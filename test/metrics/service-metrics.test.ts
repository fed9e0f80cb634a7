import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import {
  call,
  echoTask,
  type Service,
  type ServiceProcess,
  startService,
} from '../support/service.ts'
import { readMetrics, type Samples } from './read-metrics.ts'

let service: Service
let workerUrl: string

beforeAll(async () => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: { TUTTI_METRICS_PORT: '0' },
  })
  workerUrl = await metricsUrl(service.workers[0])
})
afterAll(() => service.stop())

async function metricsUrl(worker: ServiceProcess | undefined): Promise<string> {
  const port = () => /"port":(\d+),"msg":"metrics are served"/.exec(worker?.log() ?? '')?.[1]
  return `http://127.0.0.1:${await vi.waitUntil(port, { timeout: 60_000 })}/metrics`
}

async function scrape(url: string): Promise<Samples> {
  const response = await fetch(url)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  return readMetrics(await response.text())
}

async function run(tasks: object[]): Promise<void> {
  const submitted = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', { tasks })
  const ended = await call<{ finishedAt?: string }>(
    `${service.url}/v1/plans/${submitted.body.id}?wait=30`,
  )
  expect(ended.body.finishedAt).toEqual(expect.any(String))
}

describe('metrics', () => {
  test('a worker counts the tasks it ran and the attempts it took', async () => {
    const before = await scrape(workerUrl)
    await run([
      echoTask('one'),
      echoTask('two'),
      echoTask('bad', { failAttempts: 5 }, { attempts: 1 }),
      echoTask('again', { failAttempts: 1 }, { attempts: 2 }),
    ])
    const after = await scrape(workerUrl)
    const grown = (name: string, labels: Record<string, string> = {}) =>
      after.value(name, labels) - before.value(name, labels)
    const echo = { executor: 'echo' }
    expect(grown('tutti_tasks_finished_total', { status: 'succeeded', ...echo })).toBe(3)
    expect(grown('tutti_tasks_finished_total', { status: 'failed', ...echo })).toBe(1)
    expect(grown('tutti_task_attempts_total', { outcome: 'succeeded' })).toBe(3)
    expect(grown('tutti_task_attempts_total', { outcome: 'failed' })).toBe(2)
    expect(grown('tutti_task_queue_wait_seconds_count')).toBe(4)
    expect(grown('tutti_task_run_seconds_count', echo)).toBe(5)
    expect(after.value('tutti_slots', { lane: 'io' })).toBe(100)
    expect(after.value('tutti_slots_used', { lane: 'io' })).toBe(0)
    expect(after.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
    expect(after.has('process_resident_memory_bytes')).toBe(true)
  })

  test('the API shows plans, queues and workers as they are', async () => {
    const before = await scrape(`${service.url}/metrics`)
    await run([echoTask('done')])
    const hanging = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
      tasks: [echoTask('long', { hang: true }), echoTask('next', {}, { dependsOn: ['long'] })],
    })
    const planUrl = `${service.url}/v1/plans/${hanging.body.id}`
    const waiting = call(`${planUrl}?wait=30`)
    await expect
      .poll(async () => {
        const now = await scrape(`${service.url}/metrics`)
        return {
          running: now.value('tutti_plans', { status: 'running' }),
          queuedTasks: now.value('tutti_tasks', { status: 'queued' }),
          active: now.value('tutti_queue_jobs', { queue: 'tasks', state: 'active' }),
          delayed: now.value('tutti_queue_jobs', { queue: 'tasks', state: 'delayed' }),
          workers: now.value('tutti_workers'),
          callers: now.value('tutti_waiting_callers'),
          up: now.value('tutti_store_up'),
        }
      })
      .toEqual({
        running: 1,
        queuedTasks: 1,
        active: 1,
        delayed: 1,
        workers: 1,
        callers: 1,
        up: 1,
      })
    await call(`${planUrl}/cancel`, 'POST')
    await waiting
    const after = await scrape(`${service.url}/metrics`)
    const finished = (status: string) =>
      after.value('tutti_plans_finished_total', { status }) -
      before.value('tutti_plans_finished_total', { status })
    expect(finished('succeeded')).toBe(1)
    expect(finished('cancelled')).toBe(1)
    expect(
      after.value('tutti_http_request_duration_seconds_count', {
        route: '/v1/plans',
        method: 'POST',
        status: '202',
      }),
    ).toBeGreaterThanOrEqual(2)
  })

  test('both measure how long Redis takes', async () => {
    for (const url of [`${service.url}/metrics`, workerUrl]) {
      await expect
        .poll(async () => (await scrape(url)).value('tutti_redis_command_seconds_count'), {
          timeout: 60_000,
        })
        .toBeGreaterThan(0)
    }
  })

  test('a worker answers nothing but its metrics', async () => {
    expect((await fetch(workerUrl.replace('/metrics', '/'))).status).toBe(404)
    expect((await fetch(workerUrl, { method: 'POST' })).status).toBe(404)
  })

  test('attempts that were lost with a worker are counted by the one that takes over', async () => {
    const { body: plan } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
      tasks: [echoTask('long', { hang: true })],
    })
    const planUrl = `${service.url}/v1/plans/${plan.id}`
    await expect
      .poll(async () => (await call<{ status: string }>(planUrl)).body.status)
      .toBe('running')
    await service.workers[0]?.end('SIGKILL')
    const successorUrl = await metricsUrl(await service.addWorker())
    const lost = async () =>
      (await scrape(successorUrl)).value('tutti_task_attempts_total', { outcome: 'lost' })
    await expect.poll(lost, { timeout: 60_000, interval: 250 }).toBe(1)
    await call(`${planUrl}/cancel`, 'POST')
    await call(`${planUrl}?wait=30`)
    expect(await lost()).toBe(1)
  })
})

test('without the variable there are no metrics', async () => {
  const plain = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
  })
  try {
    expect((await fetch(`${plain.url}/metrics`)).status).toBe(404)
    expect(plain.workers[0]?.log()).not.toContain('metrics are served')
  } finally {
    await plain.stop()
  }
})
