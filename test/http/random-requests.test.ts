import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/core/contract/limits.ts'
import { anApp } from './harness.ts'

/** Set higher for a thorough run. */
const RUNS = Number(process.env.TUTTI_RANDOM_RUNS ?? 500)

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('__proto__'))
const anything = fc.anything({ withNullPrototype: true, key: text, maxDepth: 4 })
const slug = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)

/** Mostly as a plan should be, with anything at all in some places. */
function mostly<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: value }, { weight: 1, arbitrary: anything })
}

function sometimes(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const wrapped = Object.entries(fields).map(([name, value]) => [name, mostly(value)] as const)
  return fc.record(Object.fromEntries(wrapped), { requiredKeys: [] })
}

const taskFields = sometimes({
  id: slug,
  description: text,
  role: text,
  task: text,
  context: text,
  files: fc.oneof(fc.array(text), sometimes({ read: fc.array(text), write: fc.array(text) })),
  outputFormat: text,
  focusAreas: fc.array(text),
  prompt: text,
  outputSchema: fc.object(),
  dependsOn: fc.array(slug),
  executor: fc.constantFrom('echo', 'model', 'static'),
  model: fc.constantFrom('anthropic:a', 'local:b', 'c'),
  tools: fc.array(text),
  options: fc.object(),
  timeoutMs: fc.integer(),
  attempts: fc.integer({ min: -1, max: 101 }),
  priority: fc.integer({ min: -101, max: 101 }),
})

const submission = sometimes({
  title: text,
  context: text,
  tasks: fc.array(mostly(taskFields), { maxLength: 4 }),
  pattern: sometimes({
    kind: fc.constantFrom('directories', 'perspectives'),
    directories: fc.array(text),
    perspectives: fc.array(text),
    task: taskFields,
  }),
  goal: text,
  mode: fc.constantFrom('parallel', 'sequential'),
  policy: sometimes({
    maxConcurrency: fc.integer(),
    onFailure: fc.constantFrom('continue', 'abort'),
    minSuccess: fc.double(),
    onOverlap: fc.constantFrom('reject', 'serialize', 'isolate'),
    budgetUsd: fc.double(),
    timeoutMs: fc.integer(),
  }),
  workspace: fc.oneof(sometimes({ path: text }), sometimes({ files: fc.dictionary(text, text) })),
  synthesis: fc.oneof(
    fc.constant(false),
    sometimes({ instructions: text, outputSchema: fc.object() }),
  ),
  webhook: sometimes({ url: fc.webUrl(), events: fc.array(text) }),
  metadata: fc.dictionary(text, anything),
})

/** `anything` also holds what JSON cannot. */
function toJson(value: unknown): string {
  const plain = (_key: string, part: unknown) => (typeof part === 'bigint' ? `${part}` : part)
  return JSON.stringify(value, plain) ?? ''
}

const headers = { 'content-type': 'application/json' }

test('answers every body that looks like a plan with 202 or a problem of its sender', async () => {
  const { app } = await anApp()
  const property = fc.asyncProperty(mostly(submission), fc.boolean(), async (body, dryRun) => {
    const url = `/v1/plans?dryRun=${dryRun}`
    const response = await app.inject({ method: 'POST', url, headers, payload: toJson(body) })
    expect(response.statusCode).toBeLessThan(500)
    if (response.statusCode < 400) return
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ code: 'invalid-request', errors: expect.any(Array) })
  })
  await fc.assert(property, { numRuns: RUNS })
})

test('answers random bytes of any type with a problem', async () => {
  const { app, api } = await anApp({ limits: { ...DEFAULT_LIMITS, maxBodyBytes: 4_096 } })
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 5_000 }),
    fc.string({ unit: 'binary', maxLength: 2_000 }),
    fc.json(),
    // Valid JSON, damaged in one place.
    fc.tuple(fc.json(), fc.nat(), fc.nat(255)).map(([json, at, byte]) => {
      const damaged = Buffer.from(json)
      damaged[at % Math.max(1, damaged.length)] = byte
      return damaged
    }),
  )
  const types = fc.oneof(
    { weight: 5, arbitrary: fc.constant('application/json') },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-z/;=" -]{0,20}$/) },
  )
  const property = fc.asyncProperty(bytes, types, async (body, type) => {
    const response = await app.inject({
      method: 'POST',
      url: '/v1/plans',
      headers: { 'content-type': type },
      payload: Buffer.from(body as Uint8Array),
    })
    expect([400, 413, 415]).toContain(response.statusCode)
    expect(response.headers['content-type']).toBe('application/problem+json')
  })
  await fc.assert(property, { numRuns: RUNS })
  expect((await app.inject('/v1/plans')).json()).toMatchObject({ items: [] })
  expect(api.submissions.length).toBeGreaterThan(0)
})

test('answers every path, query and header without an error of its own', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  api.finish('p1x')
  const paths = '/tasks /tasks/security /tasks/security/output /outputs /synthesis /syntheses'
  const more = '/syntheses/1 /report /todos /events /cancel /resume'
  const routes = fc.constantFrom('', ...`${paths} ${more}`.split(' '))
  const header = fc.stringMatching(/^[\x20-\x7e]{0,40}$/)
  const property = fc.asyncProperty(
    fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
    fc.oneof(fc.constant('p1x'), text.map(encodeSafely), fc.stringMatching(/^[!-~]{0,20}$/)),
    routes,
    fc.dictionary(
      fc.constantFrom(
        'wait',
        'limit',
        'cursor',
        'status',
        'block',
        'timeout',
        'tokens',
        'lastEventId',
      ),
      fc.oneof(text, fc.integer().map(String), fc.constantFrom('true', 'false')),
    ),
    fc.record({
      prefer: header,
      'idempotency-key': header,
      'last-event-id': header,
      accept: header,
    }),
    async (method, planId, route, query, given) => {
      if (method === 'DELETE' && planId === 'p1x' && route === '') return
      const parameters = Object.entries(query).map(
        ([name, value]) => `${name}=${encodeSafely(value)}`,
      )
      const url = `/v1/plans/${planId}${route}?${parameters.join('&')}`
      const response = await app.inject({ method: method as 'GET', url, headers: given })
      expect(response.statusCode).toBeLessThan(500)
    },
  )
  await fc.assert(property, { numRuns: RUNS })
})

/** A lone surrogate has no encoding. */
function encodeSafely(part: string): string {
  return encodeURIComponent(part.toWellFormed())
}
