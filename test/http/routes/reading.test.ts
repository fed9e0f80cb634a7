import { expect, test, vi } from 'vitest'
import { OUTPUT_TASK, SYNTHESIS } from '../../../src/http/openapi/examples.ts'
import { anApp } from '../harness.ts'

/** For a busy machine. */
const PATIENT = { timeout: 60_000 }

test('lists plans with the defaults of the contract', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject('/v1/plans')
  expect(response.json()).toMatchObject({ items: [{ id: 'p1x' }], nextCursor: null })
  expect(api.calls).toEqual([
    {
      call: 'plans.list',
      args: [{ tenant: 'default', status: undefined, limit: 50, cursor: undefined }],
    },
  ])
})

test('passes filter, limit and cursor on', async () => {
  const { app, api } = await anApp()
  await app.inject('/v1/plans?status=partial&limit=200&cursor=abc')
  expect(api.calls[0]?.args).toEqual([
    { tenant: 'default', status: 'partial', limit: 200, cursor: 'abc' },
  ])
})

test('passes every filter on, with times as milliseconds', async () => {
  const { app, api } = await anApp()
  const query =
    'search=auth%20review&createdFrom=2026-01-31T08:00:00Z&createdBefore=2026-02-01T08:00:00%2B01:00&minCostUsd=0.5&maxCostUsd=2'
  await app.inject(`/v1/plans?${query}`)
  expect(api.calls[0]?.args).toMatchObject([
    {
      search: 'auth review',
      createdFrom: Date.UTC(2026, 0, 31, 8),
      createdBefore: Date.UTC(2026, 1, 1, 7),
      minCostUsd: 0.5,
      maxCostUsd: 2,
    },
  ])
})

test.each([
  ['/v1/plans?stauts=failed', '; did you mean `status`?'],
  ['/v1/plans/p1x?await=30', '; did you mean `wait`?'],
  ['/v1/plans/p1x/tasks?page=2', ''],
])('refuses the parameter of %s, which it does not know', async (url, meant) => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject(url)
  const name = /\?\w+/.exec(url)?.[0]
  expect(response.statusCode).toBe(400)
  expect(response.json().errors).toEqual([
    { pointer: name, detail: `is not a known field${meant}` },
  ])
})

test.each([
  ['/v1/plans?createdFrom=yesterday', '?createdFrom'],
  ['/v1/plans?minCostUsd=$1', '?minCostUsd'],
  ['/v1/plans?search=', '?search'],
  ['/v1/plans?limit=0', '?limit'],
  ['/v1/plans?limit=201', '?limit'],
  ['/v1/plans?limit=', '?limit'],
  ['/v1/plans?limit=ten', '?limit'],
  ['/v1/plans?limit=1e2', '?limit'],
  ['/v1/plans?limit=5&limit=6', '?limit'],
  ['/v1/plans?status=done', '?status'],
  ['/v1/plans?cursor=', '?cursor'],
  ['/v1/plans/p1x?wait=601', '?wait'],
  ['/v1/plans/p1x?wait=-1', '?wait'],
  ['/v1/plans/p1x?wait=1.5', '?wait'],
  ['/v1/plans/p1x/synthesis?wait=soon', '?wait'],
  ['/v1/plans/p1x/tasks?status=partial', '?status'],
  ['/v1/plans/p1x/tasks/security/output?block=1', '?block'],
  ['/v1/plans/p1x/tasks/security/output?timeout=600001', '?timeout'],
  ['/v1/plans/p1x/events?tokens=yes', '?tokens'],
])('refuses %s, naming %s', async (url, pointer) => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject(url)
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ code: 'invalid-request', errors: [{ pointer }] })
  expect(response.json().detail).toContain(pointer)
  expect(api.calls).toEqual([])
})

test('names all wrong parameters together', async () => {
  const { app } = await anApp()
  const response = await app.inject('/v1/plans?limit=0&status=done')
  expect(response.json().errors).toHaveLength(2)
})

test('takes the longest wait that is allowed', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  api.finish('p1x')
  await app.inject('/v1/plans/p1x?wait=600')
  expect(api.calls[0]?.args[2]).toMatchObject({ timeoutMs: 600_000 })
})

test('reads a plan at once without wait, and when it ends with it', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  expect((await app.inject('/v1/plans/p1x')).json()).toMatchObject({ status: 'running' })
  const answer = app.inject('/v1/plans/p1x?wait=30')
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  api.finish('p1x')
  expect((await answer).json()).toMatchObject({ status: 'succeeded' })
})

test('answers with the current state when the wait is over', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject('/v1/plans/p1x?wait=0')
  expect(response.statusCode).toBe(200)
  expect(response.json()).toMatchObject({ status: 'running' })
})

test('waits 30 seconds for an output unless told otherwise', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  api.finish('p1x')
  const url = '/v1/plans/p1x/tasks/security/output'
  expect((await app.inject(url)).json()).toMatchObject({ retrievalStatus: 'success' })
  await app.inject(`${url}?block=true&timeout=0`)
  await app.inject(`${url}?block=false&timeout=5`)
  expect(api.calls.map(({ args }) => args[3])).toMatchObject([
    { timeoutMs: 30_000 },
    { timeoutMs: 0 },
    undefined,
  ])
})

test('answers 200 with timeout or not_ready for an output that is not there', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const url = '/v1/plans/p1x/tasks/security/output'
  const timedOut = await app.inject(`${url}?timeout=1`)
  expect(timedOut.statusCode).toBe(200)
  expect(timedOut.json()).toMatchObject({ retrievalStatus: 'timeout', task: { output: '' } })
  const notReady = await app.inject(`${url}?block=false`)
  expect(notReady.json()).toMatchObject({ retrievalStatus: 'not_ready' })
})

test('streams a line for each output', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  api.outputs = [1, 2, 3].map((n) => ({ ...OUTPUT_TASK, id: `task-${n}` }))
  const response = await app.inject('/v1/plans/p1x/outputs')
  expect(response.headers['content-type']).toBe('application/x-ndjson')
  const lines = response.payload.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(['task-1', 'task-2', 'task-3'])
})

test('answers an empty stream while no task has ended', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  api.outputs = []
  const response = await app.inject('/v1/plans/p1x/outputs')
  expect(response.statusCode).toBe(200)
  expect(response.payload).toBe('')
})

test('answers 409 before there is a synthesis, and its versions after', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const early = await app.inject('/v1/plans/p1x/synthesis')
  expect(early.statusCode).toBe(409)
  expect(early.json()).toMatchObject({ code: 'synthesis-not-ready' })
  const answer = app.inject('/v1/plans/p1x/synthesis?wait=30')
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  api.finish('p1x')
  expect((await answer).json()).toEqual(SYNTHESIS)
  expect((await app.inject('/v1/plans/p1x/syntheses')).json()).toEqual({ items: [SYNTHESIS] })
  expect((await app.inject('/v1/plans/p1x/syntheses/1')).json()).toEqual(SYNTHESIS)
  expect((await app.inject('/v1/plans/p1x/syntheses/2')).json()).toMatchObject({ status: 404 })
})

test.each([
  '/v1/plans/p1x/tasks',
  '/v1/plans/p1x/tasks/security',
  '/v1/plans/p1x/report',
  '/v1/plans/p1x/todos',
  '/v1/plans/p1x/deliveries',
  '/v1/executors',
  '/v1/workers',
  '/livez',
  '/readyz',
])(
  'answers %s in JSON, with and without a trailing slash, and HEAD without a body',
  async (url) => {
    const { app, api } = await anApp()
    api.addPlan('p1x')
    const response = await app.inject(url)
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
    expect((await app.inject(`${url}/`)).json()).toEqual(response.json())
    const head = await app.inject({ method: 'HEAD', url })
    expect(head.statusCode).toBe(200)
    expect(head.payload).toBe('')
    expect(head.headers['content-length']).toBe(response.headers['content-length'])
  },
)

test('answers HEAD on streams without reading them', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  for (const url of ['/v1/plans/p1x/outputs', '/v1/plans/p1x/events']) {
    const response = await app.inject({ method: 'HEAD', url })
    expect(response.statusCode).toBe(200)
    expect(response.payload).toBe('')
  }
  expect(api.waiting()).toBe(0)
})

test('is not ready while the store does not answer, and alive all the same', async () => {
  const { app, api } = await anApp()
  api.setReady(false)
  const response = await app.inject('/readyz')
  expect(response.statusCode).toBe(503)
  expect(response.headers['retry-after']).toBe('1')
  expect(response.json()).toMatchObject({ code: 'unavailable' })
  expect((await app.inject('/livez')).statusCode).toBe(200)
})
