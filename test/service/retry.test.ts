import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, echoTask, type Service, startService } from '../support/service.ts'

let service: Service

beforeAll(async () => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 2,
  })
})

afterAll(() => service.stop())

interface TaskView {
  id: string
  attempts: { outcome: string; startedAt: string; finishedAt: string }[]
}

test('tasks that are retried side by side keep to the limit of their plan', async () => {
  const ids = ['a', 'b', 'c', 'd']
  const { body: plan } = await call<{ id: string; status: string }>(
    `${service.url}/v1/plans`,
    'POST',
    {
      mode: 'sequential',
      tasks: ids.map((id) => echoTask(id, { delayMs: 100, failAttempts: 1 }, { attempts: 1 })),
    },
    { prefer: 'wait=60' },
  )
  expect(plan.status).toBe('failed')
  const self = `${service.url}/v1/plans/${plan.id}`
  const answers = await Promise.all(ids.map((id) => call(`${self}/tasks/${id}/retry`, 'POST')))
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
  const { body: finished } = await call(`${self}?wait=60`)
  expect(finished).toMatchObject({ status: 'succeeded', counts: { succeeded: 4 } })
  const tasks = await Promise.all(
    ids.map(async (id) => (await call<TaskView>(`${self}/tasks/${id}`)).body),
  )
  const again = tasks
    .map(({ attempts }) => attempts)
    .map(([first, second, ...more]) => {
      expect([first?.outcome, second?.outcome, more]).toEqual(['failed', 'succeeded', []])
      return [Date.parse(second?.startedAt ?? ''), Date.parse(second?.finishedAt ?? '')] as const
    })
    .sort(([a], [b]) => a - b)
  again.slice(1).forEach(([start], at) => {
    expect(start).toBeGreaterThanOrEqual(again[at]?.[1] ?? Infinity)
  })
})

test('a task that is retried runs after what it depends on, and not without it', async () => {
  const failing = { failAttempts: 1 }
  const { body: plan } = await call<{ id: string; counts: object }>(
    `${service.url}/v1/plans`,
    'POST',
    {
      tasks: [
        echoTask('a', failing, { attempts: 1 }),
        echoTask('b', failing, { attempts: 1 }),
        echoTask('after-a', {}, { dependsOn: ['a'] }),
        echoTask('after-both', {}, { dependsOn: ['after-a', 'b'] }),
      ],
    },
    { prefer: 'wait=60' },
  )
  expect(plan.counts).toMatchObject({ failed: 2, skipped: 2 })
  const self = `${service.url}/v1/plans/${plan.id}`
  const retry = (id: string) => call<{ detail: string }>(`${self}/tasks/${id}/retry`, 'POST')
  const refused = await retry('after-a')
  expect(refused.status).toBe(409)
  expect(refused.body.detail).toBe(
    'The task a is failed, and after-a depends on it: retry that one, and after-a runs after it.',
  )
  expect((await retry('a')).status).toBe(202)
  const { body: half } = await call(`${self}?wait=60`)
  expect(half).toMatchObject({ counts: { succeeded: 2, failed: 1, skipped: 1 } })
  expect((await retry('b')).status).toBe(202)
  const { body: whole } = await call(`${self}?wait=60`)
  expect(whole).toMatchObject({ status: 'succeeded', counts: { succeeded: 4 } })
})
