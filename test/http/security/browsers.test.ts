import { expect, test } from 'vitest'
import { anApp, aSubmission } from '../harness.ts'

const submit = (headers: Record<string, string>) =>
  ({ method: 'POST', url: '/v1/plans', headers, payload: aSubmission() }) as const

test('sends headers with every answer that keep browsers from misusing it', async () => {
  const { app } = await anApp()
  for (const url of ['/v1/plans', '/v1/plans/p9x', '/nowhere', '/v1/%zz', '/livez', '/docs', '/']) {
    const { headers } = await app.inject(url)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  }
  expect((await app.inject('/v1/plans')).headers['cache-control']).toBe('no-store')
})

test.each([
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
  [{ 'sec-fetch-site': 'same-site', origin: 'http://localhost:9999' }, 403],
  [{ origin: 'https://evil.example' }, 403],
  [{ origin: 'null' }, 403],
  [{ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:3000' }, 202],
  [{ 'sec-fetch-site': 'none' }, 202],
  [{ host: 'localhost:3000', origin: 'http://localhost:3000' }, 202],
  [{}, 202],
  [{ 'sec-fetch-site': 'cross-site', authorization: 'Bearer k' }, 202],
])('decides by %j whether a page may change anything: %i', async (headers, status) => {
  const { app } = await anApp()
  expect((await app.inject(submit(headers as Record<string, string>))).statusCode).toBe(status)
})

test('lets pages of other sites link to it', async () => {
  const { app } = await anApp()
  const headers = { 'sec-fetch-site': 'cross-site' }
  expect((await app.inject({ url: '/v1/plans', headers })).statusCode).toBe(200)
})

test.each([
  ['localhost:3000', 200],
  ['LOCALHOST', 200],
  ['tutti.localhost:3000', 200],
  ['127.0.0.1:3000', 200],
  ['[::1]:3000', 200],
  ['evil.example:3000', 403],
  ['127.0.0.1.evil.example', 403],
  ['10.0.0.1', 403],
])('on the loopback only, answers under %s with %i', async (host, status) => {
  const { app } = await anApp({ loopbackOnly: true })
  expect((await app.inject({ url: '/v1/plans', headers: { host } })).statusCode).toBe(status)
})

test('answers under any host name if there are keys', async () => {
  const { app } = await anApp()
  const headers = { host: 'tutti.example' }
  expect((await app.inject({ url: '/v1/plans', headers })).statusCode).toBe(200)
})

const ORIGIN = 'https://tools.example'
const preflight = {
  method: 'OPTIONS',
  url: '/v1/plans',
  headers: {
    origin: ORIGIN,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,idempotency-key',
  },
} as const

test('has no CORS unless an origin is configured', async () => {
  const { app } = await anApp()
  const asked = await app.inject(preflight)
  expect(asked.headers).not.toHaveProperty('access-control-allow-origin')
  const read = await app.inject({ url: '/v1/plans', headers: { origin: ORIGIN } })
  expect(read.headers).not.toHaveProperty('access-control-allow-origin')
})

test('lets pages of a configured origin call the API, and no others', async () => {
  const { app } = await anApp({ corsOrigins: [ORIGIN] })
  const asked = await app.inject(preflight)
  expect(asked.statusCode).toBe(204)
  expect(asked.headers['access-control-allow-origin']).toBe(ORIGIN)
  expect(asked.headers['access-control-allow-headers']).toContain('idempotency-key')
  const cross = { 'sec-fetch-site': 'cross-site', origin: ORIGIN }
  const response = await app.inject(submit(cross))
  expect(response.statusCode).toBe(202)
  expect(response.headers['access-control-allow-origin']).toBe(ORIGIN)
  expect(response.headers['access-control-expose-headers']).toContain('location')
  const other = { ...cross, origin: 'https://evil.example' }
  expect((await app.inject(submit(other))).statusCode).toBe(403)
  expect((await app.inject({ url: '/nowhere' })).statusCode).toBe(404)
})

test('answers a preflight without a key, because a browser sends none', async () => {
  const { app } = await anApp({ corsOrigins: [ORIGIN], keys: new Map() })
  expect((await app.inject(preflight)).statusCode).toBe(204)
  expect((await app.inject('/v1/plans')).statusCode).toBe(401)
})
