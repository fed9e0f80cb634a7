import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, echoTask, finished, type Service, startService } from '../support/service.ts'

let service: Service

beforeAll(async () => {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  service = await startService({ redisUrl: inject('redisUrl'), prefix })
})
afterAll(() => service.stop())

test('a plan without a synthesis has no todo, event or version of one, and the first one asked for is version 1', async () => {
  const plans = `${service.url}/v1/plans`
  const body = { tasks: [echoTask('a')], synthesis: false }
  const { body: plan } = await call<{ id: string }>(plans, 'POST', body)
  const url = `${plans}/${plan.id}`
  await finished(service, plan.id)
  expect((await call(url)).body).toMatchObject({ synthesis: { status: 'disabled', version: 0 } })
  const { body: list } = await call<{ todos: { status: string }[] }>(`${url}/todos`)
  expect(list.todos).toMatchObject([{ status: 'completed' }])
  const response = await fetch(`${url}/events`, { headers: { 'last-event-id': '0-0' } })
  const events = await response.text()
  expect(events).toContain('plan.finished')
  expect(events).not.toContain('synthesis.')

  expect((await call(`${url}/syntheses`, 'POST', {})).body).toMatchObject({ version: 1 })
  const synthesis = async () => (await call(url)).body['synthesis']
  const done = { status: 'succeeded', version: 1 }
  await expect.poll(synthesis, { timeout: 30_000 }).toEqual(done)

  expect((await call(`${url}/tasks/a/retry`, 'POST')).status).toBe(202)
  await finished(service, plan.id)
  expect(await synthesis()).toEqual(done)
})
