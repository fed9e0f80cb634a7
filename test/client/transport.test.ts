import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ClientOptions, type Tutti, TuttiError, tutti } from '../../src/client/index.ts'
import { type FakeService, startFakeService } from '../support/fake-service.ts'
import { freePort } from '../support/redis-server.ts'

const PLAN = { tasks: [{ id: 'a', prompt: 'A' }] }

let service: FakeService
beforeEach(async () => {
  service = await startFakeService()
})
afterEach(() => service.close())

function client(options: ClientOptions = {}): Tutti {
  return tutti({ baseUrl: service.url, ...options })
}

/** What the call throws. */
async function failureOf(call: Promise<unknown>): Promise<TuttiError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof TuttiError) return error
  throw new Error('it did not fail with a TuttiError', { cause: error })
}

describe('what is sent', () => {
  test('carries the key as a bearer token, and headers of the caller', async () => {
    await client({ apiKey: 'k-1', headers: { traceparent: '00-1-2-01' } }).plans.submit(PLAN)
    expect(service.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/plans',
      headers: {
        authorization: 'Bearer k-1',
        traceparent: '00-1-2-01',
        'content-type': 'application/json',
      },
      body: PLAN,
    })
  })

  test('keeps a path prefix of the address', async () => {
    await failureOf(tutti({ baseUrl: `${service.url}/tutti/` }).plans.get('p'))
    expect(service.requests[0]?.path).toBe('/tutti/v1/plans/p')
  })

  test('encodes ids, so that one can never name another resource', async () => {
    await failureOf(client().plans.get('../executors?x'))
    expect(service.requests[0]?.path).toBe('/v1/plans/..%2Fexecutors%3Fx')
  })

  test('goes through the fetch it was given', async () => {
    const seen: unknown[] = []
    const spy: typeof fetch = (input, init) => {
      seen.push(input)
      return fetch(input, init)
    }
    await client({ fetch: spy }).plans.submit(PLAN)
    expect(seen).toEqual([`${service.url}/v1/plans`])
  })
})

describe('an error', () => {
  test('carries the problem document of the service', async () => {
    const error = await failureOf(client().plans.submit({ tasks: [{ id: 'not a slug' }] }))
    expect(error).toMatchObject({
      code: 'invalid-request',
      status: 400,
      message: 'The request is not valid.',
      errors: expect.arrayContaining([
        { pointer: '/tasks/0/id', detail: expect.stringContaining('slug') },
      ]),
      problem: { type: '/problems/invalid-request' },
      tries: 1,
    })
  })

  test('from a proxy that does not speak JSON still has its status', async () => {
    service.fail('GET', { answer: 418, body: '<h1>teapot</h1>' })
    expect(await failureOf(client().plans.get('p'))).toMatchObject({
      code: 'http-418',
      status: 418,
    })
  })

  test('says when what answers is not this service', async () => {
    service.fail('GET', { answer: 200, body: '<h1>Welcome</h1>' })
    expect(await failureOf(client().plans.get('p'))).toMatchObject({ code: 'bad-response' })
  })

  test("says which address does not answer, with the system's reason", async () => {
    const port = await freePort()
    const nowhere = tutti({ baseUrl: `http://127.0.0.1:${port}`, retries: 0 })
    expect(await failureOf(nowhere.plans.get('p'))).toMatchObject({
      code: 'network-error',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('is the reason of the signal when the caller gives up', async () => {
    service.fail('GET', { hang: true })
    const controller = new AbortController()
    const call = client().plans.get('p', { signal: controller.signal })
    controller.abort(new Error('changed my mind'))
    await expect(call).rejects.toThrow('changed my mind')
  })
})

describe('a call is repeated', () => {
  test('on 503 and 429, after the time that the service asks for', async () => {
    const busy = { headers: { 'retry-after': '0' }, body: { type: '/problems/unavailable' } }
    service.fail('POST', { answer: 503, ...busy }, { answer: 429, ...busy })
    expect(await client().plans.submit(PLAN)).toMatchObject({ id: 'plan-1' })
    expect(service.requests).toHaveLength(3)
  })

  test('on a 503 that says that nothing was started, whatever the call does', async () => {
    const { plans, tasks } = client()
    await plans.submit(PLAN)
    service.newest().run()
    const body = { code: 'unavailable', begun: false }
    service.fail('POST', { answer: 503, headers: { 'retry-after': '0' }, body })
    expect(await tasks.retry('plan-1', 'a')).toMatchObject({ id: 'a' })
    expect(service.requests).toHaveLength(3)
  })

  test('with one idempotency key, so that a lost answer makes no second plan', async () => {
    service.fail('POST', { cut: 'answer' }, { cut: 'request' })
    expect(await client().plans.submit(PLAN)).toMatchObject({ id: 'plan-1' })
    expect(service.plans.size).toBe(1)
    const keys = service.requests.map(({ headers }) => headers['idempotency-key'])
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
  })

  test('when nothing answers in time', async () => {
    service.fail('POST', { hang: true })
    expect(await client({ timeoutMs: 100 }).plans.submit(PLAN)).toMatchObject({ id: 'plan-1' })
    expect(service.requests).toHaveLength(2)
  })

  test('when its answer is cut off in the middle', async () => {
    await client().plans.submit(PLAN)
    service.fail('GET', { cutAfterBytes: 20 })
    expect(await client().plans.get('plan-1')).toMatchObject({ id: 'plan-1' })
  })

  test('until the retries are used up', async () => {
    const unavailable = { answer: 503, headers: { 'retry-after': '0' } }
    service.fail('GET', unavailable, unavailable, unavailable)
    const error = await failureOf(client({ retries: 2 }).plans.get('p'))
    expect(error).toMatchObject({ status: 503, tries: 3 })
  })

  test('once a service that was away is back', async () => {
    const port = await freePort()
    const call = tutti({ baseUrl: `http://127.0.0.1:${port}` }).plans.submit(PLAN)
    const late = await startFakeService(port)
    expect(await call).toMatchObject({ id: 'plan-1' })
    await late.close()
  })
})

describe('a call is not repeated', () => {
  test('on an error of the caller', async () => {
    await failureOf(client().plans.get('p'))
    expect(service.requests).toHaveLength(1)
  })

  test('when the service asks for more patience than a minute', async () => {
    service.fail('GET', { answer: 429, headers: { 'retry-after': '3600' } })
    const error = await failureOf(client().plans.get('p'))
    expect(error).toMatchObject({ status: 429, retryAfterMs: 3_600_000, tries: 1 })
  })

  test('for a quota, which only the end of plans can free', async () => {
    service.fail('POST', { answer: 429, body: { code: 'quota-exceeded', detail: 'Enough.' } })
    expect(await failureOf(client().plans.submit(PLAN))).toMatchObject({ message: 'Enough.' })
    expect(service.requests).toHaveLength(1)
  })

  test('when it would do its work twice and its answer was lost', async () => {
    const { plans, tasks } = client()
    await plans.submit(PLAN)
    service.newest().run()
    service.fail('POST', { cut: 'answer' }, { cut: 'answer' })
    expect(await failureOf(plans.retry('plan-1'))).toMatchObject({ code: 'network-error' })
    expect(await failureOf(tasks.retry('plan-1', 'a'))).toMatchObject({ code: 'network-error' })
    expect(service.requests).toHaveLength(3)
  })

  test('on a 503 that leaves open what was done, when it would do its work twice', async () => {
    const { plans, tasks } = client()
    await plans.submit(PLAN)
    service.newest().run()
    service.fail('POST', { answer: 503, headers: { 'retry-after': '0' } })
    expect(await failureOf(tasks.retry('plan-1', 'a'))).toMatchObject({ status: 503, tries: 1 })
  })
})

test('another version is asked for with one key, so that a lost answer asks for no second one', async () => {
  const { plans, syntheses } = client()
  await plans.submit(PLAN)
  service.newest().run()
  const { length } = service.newest().syntheses
  service.fail('POST', { cut: 'answer' }, { answer: 503, headers: { 'retry-after': '0' } })
  expect(await syntheses.create('plan-1')).toEqual(expect.objectContaining({ version: length + 1 }))
  await syntheses.wait('plan-1', length + 1)
  expect(service.newest().syntheses).toHaveLength(length + 1)
  const mine = await syntheses.create('plan-1', {}, { idempotencyKey: 'mine' })
  expect(await syntheses.create('plan-1', {}, { idempotencyKey: 'mine' })).toEqual(mine)
})

test('what was done by a try whose answer was lost is done', async () => {
  const { plans, tasks } = client()
  await plans.submit(PLAN)
  service.fail('POST', { cut: 'answer' }, { cut: 'answer' })
  expect(await tasks.cancel('plan-1', 'a')).toMatchObject({ status: 'cancelled' })
  expect(await plans.cancel('plan-1')).toMatchObject({ status: 'cancelled' })
  await expect(plans.cancel('plan-1')).rejects.toMatchObject({ code: 'plan-finished' })
  service.fail('DELETE', { cut: 'answer' })
  await plans.delete('plan-1')
  expect(service.plans.size).toBe(0)
  await expect(plans.delete('plan-1')).rejects.toMatchObject({ code: 'plan-not-found' })
})

test.each(['127.0.0.1:3000', 'localhost', '', 'ftp://host'])(
  'a client for the address %j is not made',
  (baseUrl) => {
    expect(() => tutti({ baseUrl })).toThrow('baseUrl must be like http://host:port')
  },
)
