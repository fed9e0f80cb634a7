import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseApiKeys } from '../../../src/http/security/api-keys.ts'
import { anApp, aSubmission } from '../harness.ts'

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex')

const KEYS = parseApiKeys(
  [
    `acme:${sha256('acme-1')}`,
    `acme:${sha256('acme-2')}`,
    `globex:${sha256('globex-1')}:read`,
    `globex:${sha256('globex-2')}:write`,
    `ops:${sha256('ops-1')}:admin`,
  ].join(', '),
)
const METRICS = { contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' }
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

test.each([
  ['GET', '/v1/plans'],
  ['POST', '/v1/plans'],
  ['GET', '/v1/plans/p1x'],
  ['HEAD', '/v1/plans/p1x'],
  ['DELETE', '/v1/plans/p1x'],
  ['GET', '/v1/plans/p1x/events'],
  ['GET', '/v1/plans/p1x/outputs'],
  ['GET', '/v1/executors'],
  ['GET', '/v1/workers'],
  ['GET', '/metrics'],
  ['GET', '/queues'],
  ['GET', '/queues/api/queues'],
  ['GET', '/queues/static/js/main.js'],
] as const)('asks for a key on %s %s', async (method, url) => {
  const { app, api } = await anApp({ keys: KEYS, metrics: METRICS, queues: [] })
  api.addPlan('p1x', 'acme')
  const response = await app.inject({ method, url })
  expect(response.statusCode).toBe(401)
  expect(String(response.headers['www-authenticate'])).toContain('Bearer realm="tutti"')
  if (method !== 'HEAD') expect(response.json()).toMatchObject({ code: 'unauthorized' })
  expect(api.calls).toEqual([])
})

test.each([
  '/livez',
  '/readyz',
  '/openapi.json',
  '/docs',
  '/docs/static/swagger-ui.css',
  '/problems/unauthorized',
])('serves %s without a key', async (url) => {
  const { app } = await anApp({ keys: KEYS })
  expect((await app.inject(url)).statusCode).toBe(200)
})

test.each([
  ['no key', {}],
  ['an unknown key', bearer('acme-3')],
  ['an empty key', { authorization: 'Bearer ' }],
  ['the hash of a key', bearer(sha256('acme-1'))],
  ['a password where none is asked for', { authorization: `Basic ${btoa('x:acme-1')}` }],
  ['another scheme', { authorization: 'Digest acme-1' }],
  ['an unknown X-Api-Key', { 'x-api-key': 'acme-3' }],
])('refuses %s', async (_, headers) => {
  const { app } = await anApp({ keys: KEYS })
  expect((await app.inject({ url: '/v1/plans', headers })).statusCode).toBe(401)
})

test.each([
  bearer('acme-1'),
  { authorization: 'bearer acme-1' },
  { 'x-api-key': 'acme-1' },
  bearer('acme-2'),
])('knows the tenant by any of its keys (%j)', async (headers) => {
  const { app, api } = await anApp({ keys: KEYS })
  await app.inject({ method: 'POST', url: '/v1/plans', headers, payload: aSubmission() })
  expect(api.submissions[0]?.tenant).toBe('acme')
})

test('hides the plans of one tenant from the others in every route', async () => {
  const { app, api } = await anApp({ keys: KEYS })
  api.addPlan('p1x', 'acme')
  const paths = [
    '',
    '/tasks',
    '/tasks/security',
    '/tasks/security/output',
    '/outputs',
    '/synthesis',
    '/syntheses',
    '/syntheses/1',
    '/report',
    '/todos',
    '/deliveries',
    '/events',
  ]
  for (const path of paths) {
    const url = `/v1/plans/p1x${path}`
    const response = await app.inject({ url, headers: bearer('globex-1') })
    expect([url, response.json().code]).toEqual([url, 'plan-not-found'])
  }
  const list = await app.inject({ url: '/v1/plans', headers: bearer('globex-1') })
  expect(list.json().items).toEqual([])
  for (const [method, path] of [
    ['POST', '/cancel'],
    ['POST', '/tasks/security/cancel'],
    ['POST', '/tasks/security/retry'],
    ['POST', '/syntheses'],
    ['DELETE', ''],
  ] as const) {
    const url = `/v1/plans/p1x${path}`
    const response = await app.inject({ method, url, headers: bearer('globex-2') })
    expect([url, response.json().code]).toEqual([url, 'plan-not-found'])
  }
})

test('holds a key to its scopes', async () => {
  const { app } = await anApp({ keys: KEYS, metrics: METRICS, queues: [] })
  const statusOf = async (key: string, method: 'GET' | 'POST', url: string) =>
    (await app.inject({ method, url, headers: bearer(key) })).statusCode
  expect(await statusOf('globex-1', 'GET', '/v1/plans')).toBe(200)
  expect(await statusOf('globex-1', 'POST', '/v1/plans')).toBe(403)
  expect(await statusOf('globex-2', 'GET', '/v1/plans')).toBe(403)
  expect(await statusOf('globex-2', 'POST', '/v1/plans')).toBe(400)
  expect(await statusOf('acme-1', 'GET', '/metrics')).toBe(403)
  expect(await statusOf('acme-1', 'GET', '/queues')).toBe(403)
  expect(await statusOf('ops-1', 'GET', '/metrics')).toBe(200)
  expect(await statusOf('ops-1', 'GET', '/queues')).toBe(200)
  expect(await statusOf('ops-1', 'GET', '/v1/plans')).toBe(403)
})

test('takes the key as a password on the queues page, which a browser asks for', async () => {
  const { app } = await anApp({ keys: KEYS, queues: [] })
  const asked = await app.inject('/queues')
  expect(asked.headers['www-authenticate']).toContain('Basic realm="tutti"')
  const headers = { authorization: `Basic ${btoa('anybody:ops-1')}` }
  expect((await app.inject({ url: '/queues', headers })).statusCode).toBe(200)
})

test('refuses a body that is not allowed before reading it', async () => {
  const { app } = await anApp({ keys: KEYS })
  const response = await app.inject({
    method: 'POST',
    url: '/v1/plans',
    headers: { 'content-type': 'application/json', ...bearer('globex-1') },
    payload: '{broken',
  })
  expect(response.statusCode).toBe(403)
})

test('lets everybody in, as one tenant, without keys', async () => {
  const { app, api } = await anApp({ metrics: METRICS, queues: [] })
  for (const url of ['/v1/plans', '/metrics', '/queues']) {
    expect((await app.inject(url)).statusCode).toBe(200)
  }
  await app.inject({ url: '/v1/plans', headers: bearer('whatever') })
  expect(api.calls.at(-1)?.args).toMatchObject([{ tenant: 'default' }])
})

test.each([
  ['no hash', 'acme:key', 'entry 1'],
  ['a tenant that is no slug', `a b:${sha256('k')}`, 'entry 1'],
  ['an unknown scope', `acme:${sha256('k')},b:${sha256('l')}:root`, 'entry 2'],
  ['one key twice', `a:${sha256('k')},b:${sha256('k')}`, 'entry 2'],
])('refuses keys configured with %s, without repeating them', (_, text, place) => {
  expect(() => parseApiKeys(text)).toThrow(place)
  expect(() => parseApiKeys(text)).not.toThrow(/[0-9a-f]{16}/)
})

test('reads an empty list of keys as none', () => {
  expect(parseApiKeys(' ').size).toBe(0)
  expect(parseApiKeys(`acme:${sha256('k').toUpperCase()},`).size).toBe(1)
})
