import { expect, test, vi } from 'vitest'
import { SYNTHESIS } from '../../../src/http/openapi/examples.ts'
import { anApp, aServer, aSubmission } from '../harness.ts'

/** For a busy machine. */
const PATIENT = { timeout: 60_000 }

const post = (headers: Record<string, string> = {}, payload: object = aSubmission()) =>
  ({ method: 'POST', url: '/v1/plans', headers, payload }) as const

test('answers a submission with 202, the plan and its location', async () => {
  const { app } = await anApp()
  const response = await app.inject(post())
  expect(response.statusCode).toBe(202)
  const plan = response.json()
  expect(plan).toMatchObject({ id: 'p1x', counts: { total: 2 } })
  expect(response.headers).toMatchObject({ location: `/v1/plans/${plan.id}` })
  expect(response.headers).not.toHaveProperty('idempotency-replayed')
})

test('hands the parsed body, the tenant, the key and the trace context to the use case', async () => {
  const { app, api } = await anApp()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await app.inject(post({ 'idempotency-key': 'k1', traceparent }))
  expect(api.submissions).toEqual([
    { tenant: 'default', body: aSubmission(), idempotencyKey: 'k1', traceparent },
  ])
})

test('drops a trace context that is malformed', async () => {
  const { app, api } = await anApp()
  await app.inject(post({ traceparent: '00-zz-01' }))
  expect(api.submissions[0]?.traceparent).toBeUndefined()
})

test('answers a repeated key with the same plan, and says so', async () => {
  const { app } = await anApp()
  const first = await app.inject(post({ 'idempotency-key': 'once' }))
  const second = await app.inject(post({ 'idempotency-key': 'once' }))
  expect(second.statusCode).toBe(202)
  expect(second.json()).toEqual(first.json())
  expect(second.headers).toMatchObject({
    'idempotency-replayed': 'true',
    location: first.headers.location,
  })
})

test('refuses a key that was used with another body', async () => {
  const { app } = await anApp()
  await app.inject(post({ 'idempotency-key': 'once' }))
  const response = await app.inject(
    post({ 'idempotency-key': 'once' }, aSubmission({ title: 'B' })),
  )
  expect(response.statusCode).toBe(422)
  expect(response.json()).toMatchObject({ code: 'idempotency-key-reused' })
})

test.each([
  ['a token', 'abc-123', 'abc-123'],
  ['a quoted string', '"abc-123"', 'abc-123'],
  ['a quoted string with escapes', '"a\\"b\\\\c"', 'a"b\\c'],
  ['text with spaces and signs', 'order 7/2: again?', 'order 7/2: again?'],
  ['the longest key', 'k'.repeat(255), 'k'.repeat(255)],
])('takes %s as an idempotency key', async (_, header, key) => {
  const { app, api } = await anApp()
  const response = await app.inject(post({ 'idempotency-key': header }))
  expect(response.statusCode).toBe(202)
  expect(api.submissions[0]?.idempotencyKey).toBe(key)
})

test.each([
  ['too long a key', 'k'.repeat(256)],
  ['an empty quoted key', '""'],
  ['a key with other than printable ASCII', 'caf\u00e9'],
])('refuses %s, naming the header', async (_, header) => {
  const { app, api } = await anApp()
  const response = await app.inject(post({ 'idempotency-key': header }))
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({
    code: 'invalid-request',
    errors: [{ pointer: 'header:idempotency-key' }],
  })
  expect(api.submissions).toEqual([])
})

test('plans only, with dryRun', async () => {
  const { app, api } = await anApp()
  const response = await app.inject({ ...post(), url: '/v1/plans?dryRun=true' })
  expect(response.statusCode).toBe(200)
  expect(response.json()).toHaveProperty('estimate')
  expect((await app.inject('/v1/plans')).json()).toMatchObject({ items: [] })
  expect(api.submissions).toHaveLength(1)
})

test('answers 200 with the finished plan and its synthesis, when that was preferred', async () => {
  const { app, api } = await anApp()
  const answer = app.inject(post({ prefer: 'respond-async, wait=30' }))
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  api.finish('p1x')
  const response = await answer
  expect(response.statusCode).toBe(200)
  expect(response.headers).toMatchObject({
    'preference-applied': 'wait=30',
    location: '/v1/plans/p1x',
  })
  expect(response.json()).toMatchObject({ id: 'p1x', status: 'succeeded', synthesis: SYNTHESIS })
})

test('answers 202 with the current plan if it did not end in the requested time', async () => {
  const { app } = await anApp()
  const response = await app.inject(post({ prefer: 'wait=0' }))
  expect(response.statusCode).toBe(202)
  expect(response.headers).toMatchObject({ 'preference-applied': 'wait=0' })
  expect(response.json()).toMatchObject({ status: 'running' })
})

test.each([
  ['wait="0"', 'wait=0'],
  ['foo=bar, WAIT = 0; q=1', 'wait=0'],
  ['wait=-1', undefined],
  ['wait=soon', undefined],
  ['return=minimal', undefined],
])('reads the preference %s', async (prefer, applied) => {
  const { app } = await anApp()
  const response = await app.inject(post({ prefer }))
  expect(response.statusCode).toBe(202)
  expect(response.headers['preference-applied']).toBe(applied)
})

test('waits ten minutes at most', async () => {
  const { app, api } = await anApp()
  const answer = app.inject(post({ prefer: 'wait=99999' }))
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  api.finish('p1x')
  expect((await answer).headers['preference-applied']).toBe('wait=600')
})

test('still answers 202 when the store goes away during the wait: the plan is accepted', async () => {
  const { app, api } = await anApp()
  const answer = app.inject(post({ prefer: 'wait=30' }))
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  api.failWith(new Error('Connection is closed.'))
  api.finish('p1x')
  const response = await answer
  expect(response.statusCode).toBe(202)
  expect(response.json()).toMatchObject({ id: 'p1x' })
})

test('names each wrong field of the plan', async () => {
  const { app } = await anApp()
  const response = await app.inject(
    post({}, { tasks: [{ task: 'a', timeoutMs: -1 }, { role: 'b' }], mode: 'fast' }),
  )
  expect(response.statusCode).toBe(400)
  expect(response.headers['content-type']).toContain('application/problem+json')
  const pointers = response.json().errors.map(({ pointer }: { pointer: string }) => pointer)
  expect(pointers).toEqual(expect.arrayContaining(['/tasks/0/timeoutMs', '/tasks/1/task', '/mode']))
})

test('takes plans from a client that speaks HTTP for real', async () => {
  const { url } = await aServer()
  const response = await fetch(`${url}/v1/plans`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(aSubmission()),
  })
  expect(response.status).toBe(202)
})
