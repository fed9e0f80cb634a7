import { expect, test } from 'vitest'
import { type ErrorCode, ServiceError } from '../../../src/core/contract/errors.ts'
import { PROBLEMS } from '../../../src/http/problems/problem-codes.ts'
import { anApp, aSubmission } from '../harness.ts'

test.each(Object.entries(PROBLEMS))(
  'explains %s under its type',
  async (code, { status, title }) => {
    const { app } = await anApp()
    const json = await app.inject(`/problems/${code}`)
    expect(json.json()).toMatchObject({ code, status, title })
    const page = await app.inject({ url: `/problems/${code}`, headers: { accept: 'text/html' } })
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.payload).toContain(title)
  },
)

test('lists all problems, and knows no others', async () => {
  const { app } = await anApp()
  const { items } = (await app.inject('/problems')).json()
  expect(items).toHaveLength(Object.keys(PROBLEMS).length)
  expect((await app.inject('/problems/constructor')).statusCode).toBe(404)
})

test('answers an error of the service with its code, fields, extensions and Retry-After', async () => {
  const { app, api } = await anApp()
  api.failWith(
    new ServiceError('overlapping-tasks', 'Two tasks write the same file.', {
      errors: [{ pointer: '/tasks/1/files', detail: 'overlaps with "a"' }],
      extensions: { overlaps: [{ tasks: ['a', 'b'] }], status: 200 },
      retryAfterSeconds: 7,
    }),
  )
  const response = await app.inject({
    method: 'POST',
    url: '/v1/plans',
    payload: aSubmission(),
    headers: { 'x-request-id': 'req-7' },
  })
  expect(response.statusCode).toBe(422)
  expect(response.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'retry-after': '7',
    'x-request-id': 'req-7',
  })
  expect(response.json()).toEqual({
    type: '/problems/overlapping-tasks',
    title: 'Overlapping tasks',
    status: 422,
    code: 'overlapping-tasks',
    detail: 'Two tasks write the same file.',
    instance: 'req-7',
    errors: [{ pointer: '/tasks/1/files', detail: 'overlaps with "a"' }],
    overlaps: [{ tasks: ['a', 'b'] }],
  })
})

const SERVICE_CODES: [ErrorCode, number][] = [
  ['plan-not-found', 404],
  ['synthesis-disabled', 409],
  ['idempotency-key-reused', 422],
  ['quota-exceeded', 429],
  ['unavailable', 503],
]
test.each(SERVICE_CODES)('answers %s with %i', async (code, status) => {
  const { app, api } = await anApp()
  api.failWith(new ServiceError(code, 'Because.'))
  const response = await app.inject('/v1/plans')
  expect(response.statusCode).toBe(status)
  expect(response.json()).toMatchObject({ type: `/problems/${code}`, status, detail: 'Because.' })
})

test('tells a caller when to retry while the store is down', async () => {
  const { app, api } = await anApp()
  api.failWith(new ServiceError('unavailable', 'The store does not answer.'))
  expect((await app.inject('/v1/plans')).headers['retry-after']).toBe('1')
})

test('says whether a change that the store interrupted was begun', async () => {
  const { app, api } = await anApp()
  const away = new ServiceError('unavailable', 'The store does not answer.')
  const detailOf = async (method: 'GET' | 'DELETE') => {
    const response = await app.inject({ method, url: '/v1/plans/p1x' })
    expect(response.statusCode).toBe(503)
    return response.json()
  }
  api.failWith(away)
  const unknown = await detailOf('DELETE')
  expect(unknown.detail).toMatch(/may have been carried out/)
  expect(unknown).not.toHaveProperty('begun')
  expect((await detailOf('GET')).detail).toBe('The store does not answer.')
  api.failWith(away.withNothingBegun())
  expect(await detailOf('DELETE')).toMatchObject({
    detail: 'The store does not answer. Nothing was done.',
    begun: false,
  })
})

test('reveals nothing about an unexpected error except its request id', async () => {
  const { app, api } = await anApp()
  api.failWith(new Error('redis://user:hunter2@10.0.0.1 said no'))
  const response = await app.inject({ url: '/v1/plans', headers: { 'x-request-id': 'r1' } })
  expect(response.statusCode).toBe(500)
  expect(response.json()).toEqual({
    type: '/problems/internal-error',
    title: 'Internal error',
    status: 500,
    code: 'internal-error',
    instance: 'r1',
  })
})

test('makes an id for a request that brings none, or one that is not harmless', async () => {
  const { app } = await anApp()
  const headers = { 'x-request-id': 'a b\tc' }
  const uuid = /^[0-9a-f-]{36}$/
  expect((await app.inject('/livez')).headers['x-request-id']).toMatch(uuid)
  expect((await app.inject({ url: '/livez', headers })).headers['x-request-id']).toMatch(uuid)
})

test('answers 404 as a problem for a path that is not served', async () => {
  const { app } = await anApp()
  for (const url of ['/v2/plans', '/v1/plan', '/v1/plans/p1x/nothing', '/index.html']) {
    const response = await app.inject(url)
    expect(response.statusCode).toBe(404)
    expect(response.json()).toMatchObject({ code: 'route-not-found' })
  }
})

test.each([
  ['PUT', '/v1/plans', 'GET, HEAD, OPTIONS, POST'],
  ['PATCH', '/v1/plans/p1x', 'DELETE, GET, HEAD, OPTIONS'],
  ['GET', '/v1/plans/p1x/cancel', 'OPTIONS, POST'],
  ['DELETE', '/v1/plans/p1x/tasks/a/', 'GET, HEAD, OPTIONS'],
  ['POST', '/livez?a=b', 'GET, HEAD, OPTIONS'],
] as const)('answers 405 to %s %s, with what is allowed', async (method, url, allow) => {
  const { app } = await anApp()
  const response = await app.inject({ method, url })
  expect(response.statusCode).toBe(405)
  expect(response.headers.allow).toBe(allow)
  expect(response.json()).toMatchObject({ code: 'method-not-allowed' })
})

test('answers OPTIONS with what is allowed', async () => {
  const { app } = await anApp()
  const response = await app.inject({ method: 'OPTIONS', url: '/v1/plans' })
  expect(response.statusCode).toBe(204)
  expect(response.headers.allow).toBe('GET, HEAD, OPTIONS, POST')
})

test.each([
  ['/v1/plans/%7Bother%7D', 'plan-not-found'],
  [`/v1/plans/${'p'.repeat(65)}`, 'plan-not-found'],
  ['/v1/plans/p1x/tasks/a%3Ab', 'task-not-found'],
  ['/v1/plans/p1x/tasks/a%2F..%2Fb/output', 'task-not-found'],
  ['/v1/plans/p1x/syntheses/0', 'synthesis-not-found'],
  ['/v1/plans/p1x/syntheses/newest', 'synthesis-not-found'],
])('answers %s with %s, without asking the store', async (url, code) => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject(url)
  expect(response.statusCode).toBe(404)
  expect(response.json()).toMatchObject({ code })
  expect(api.calls).toEqual([])
})

test('answers a malformed path with 400', async () => {
  const { app } = await anApp()
  const response = await app.inject('/v1/plans/%zz')
  expect(response.statusCode).toBe(400)
  expect(response.headers['content-type']).toBe('application/problem+json')
})
