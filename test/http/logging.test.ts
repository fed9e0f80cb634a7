import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import { expect, test } from 'vitest'
import { ServiceError } from '../../src/core/contract/errors.ts'
import { anApp, aSubmission } from './harness.ts'

interface Line {
  level: number
  msg: string
  [field: string]: unknown
}

function aLog(): { log: Logger; lines: Line[]; text: () => string } {
  const lines: Line[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line)
      done()
    },
  })
  return { log: pino({ level: 'trace' }, stream), lines, text: () => JSON.stringify(lines) }
}

test('writes one line a request, with its plan and task', async () => {
  const { log, lines } = aLog()
  const { app, api } = await anApp({ log })
  api.addPlan('p1x')
  await app.inject({
    url: '/v1/plans/p1x/tasks/security/output?timeout=0',
    headers: { 'x-request-id': 'r1' },
  })
  expect(lines).toMatchObject([
    {
      level: 30,
      msg: 'request',
      reqId: 'r1',
      method: 'GET',
      path: '/v1/plans/p1x/tasks/security/output',
      status: 200,
      planId: 'p1x',
      taskId: 'security',
      tenant: 'default',
      durationMs: expect.any(Number),
    },
  ])
})

test('keeps bodies, keys, query strings and cookies out of the log for every answer', async () => {
  const { log, text } = aLog()
  const { app, api } = await anApp({ log })
  const secret = 'hunter2'
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${secret}`,
    'x-api-key': secret,
    'idempotency-key': secret,
    cookie: secret,
    prefer: secret,
  }
  const payloads = [JSON.stringify(aSubmission({ title: secret })), `{"${secret}`, `["${secret}"]`]
  for (const payload of payloads) {
    await app.inject({ method: 'POST', url: `/v1/plans?key=${secret}`, headers, payload })
  }
  await app.inject({ url: `/v1/plans?cursor=${secret}&limit=0`, headers })
  await app.inject({ url: `/nowhere?key=${secret}`, headers })
  const redis = Object.assign(new Error('WRONGTYPE'), { command: { name: 'hset', args: [secret] } })
  api.failWith(new ServiceError('unavailable', 'The store does not answer.', { cause: redis }))
  await app.inject({ url: '/v1/plans', headers })
  api.failWith(redis)
  await app.inject({ url: '/v1/plans', headers })
  expect(text()).toContain('WRONGTYPE')
  expect(text()).not.toContain(secret)
})

test('logs an unexpected error once, with its stack and its causes', async () => {
  const { log, lines } = aLog()
  const { app, api } = await anApp({ log })
  api.failWith(new Error('outer', { cause: new Error('inner') }))
  await app.inject({ url: '/v1/plans', headers: { 'x-request-id': 'r1' } })
  const failures = lines.filter(({ level }) => level >= 50)
  expect(failures).toMatchObject([
    {
      msg: 'request failed',
      reqId: 'r1',
      err: { message: 'outer', stack: expect.any(String), cause: { message: 'inner' } },
    },
  ])
})

test('says nothing above debug about probes', async () => {
  const { log, lines } = aLog()
  const { app } = await anApp({ log })
  await app.inject('/livez')
  await app.inject('/readyz')
  expect(lines.map(({ level }) => level)).toEqual([20, 20])
})

test('logs what a caller did wrong as an ordinary request', async () => {
  const { log, lines } = aLog()
  const { app } = await anApp({ log })
  await app.inject('/v1/plans/p1x')
  await app.inject('/v1/plans?limit=0')
  expect(lines.map(({ level, status }) => [level, status])).toEqual([
    [30, 404],
    [30, 400],
  ])
})
