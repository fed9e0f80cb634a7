import { expect, test } from 'vitest'
import { anApp } from '../harness.ts'

test.each([
  ['POST', '/v1/plans/p1x/cancel', 200],
  ['POST', '/v1/plans/p1x/tasks/security/cancel', 200],
  ['POST', '/v1/plans/p1x/tasks/security/retry', 202],
  ['DELETE', '/v1/plans/p1x', 204],
] as const)(
  'answers %s %s with %i, and 404 for a plan that is not there',
  async (method, url, status) => {
    const { app, api } = await anApp()
    expect((await app.inject({ method, url })).json()).toMatchObject({ code: 'plan-not-found' })
    api.addPlan('p1x')
    const response = await app.inject({ method, url })
    expect(response.statusCode).toBe(status)
  },
)

test('answers a delete without a body', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject({ method: 'DELETE', url: '/v1/plans/p1x' })
  expect(response.payload).toBe('')
  expect((await app.inject('/v1/plans/p1x')).statusCode).toBe(404)
})

test('asks for a synthesis with other instructions', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject({
    method: 'POST',
    url: '/v1/plans/p1x/syntheses',
    payload: { instructions: 'Shorter.' },
  })
  expect(response.statusCode).toBe(202)
  expect(response.headers.location).toBe('/v1/plans/p1x/syntheses/1')
  expect(response.json()).toMatchObject({ version: 1 })
  expect(api.calls.at(-1)?.args).toEqual(['default', 'p1x', { instructions: 'Shorter.' }])
})

test('asks for a synthesis without a body, as the plan was submitted', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject({ method: 'POST', url: '/v1/plans/p1x/syntheses' })
  expect(response.statusCode).toBe(202)
  expect(api.calls.at(-1)?.args).toEqual(['default', 'p1x', {}])
})

test('hands on the key of a synthesis, and says when it was used before', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const ask = (key: string) =>
    app.inject({
      method: 'POST',
      url: '/v1/plans/p1x/syntheses',
      headers: { 'idempotency-key': key },
    })
  expect((await ask('"first"')).headers).not.toHaveProperty('idempotency-replayed')
  expect(api.calls.at(-1)?.args).toEqual(['default', 'p1x', {}, 'first'])
  expect((await ask('again')).headers).toMatchObject({ 'idempotency-replayed': 'true' })
  expect((await ask('k'.repeat(256))).json()).toMatchObject({
    errors: [{ pointer: 'header:idempotency-key' }],
  })
})

test('names what is wrong with a synthesis', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject({
    method: 'POST',
    url: '/v1/plans/p1x/syntheses',
    payload: { model: 'no provider', 'a/b~c': 1 },
  })
  expect(response.statusCode).toBe(400)
  expect(response.json().errors).toMatchObject([
    { pointer: '/model', detail: 'must look like provider:model' },
    { pointer: '/a~1b~0c', detail: 'is not a known field' },
  ])
})

test('cancels and retries several tasks in one go', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const post = (path: string, payload?: object) =>
    app.inject({ method: 'POST', url: `/v1/plans/p1x/${path}`, ...(payload && { payload }) })
  expect((await post('retry', { status: ['failed'] })).statusCode).toBe(202)
  expect(api.calls.at(-1)?.args).toEqual(['default', 'p1x', { status: ['failed'] }])
  expect((await post('cancel', { tasks: ['a', 'b'] })).statusCode).toBe(202)
  expect(api.calls.at(-1)?.args).toEqual(['default', 'p1x', { tasks: ['a', 'b'] }])
  expect((await post('retry')).statusCode).toBe(202)
  expect((await post('cancel', {})).statusCode).toBe(200)
  for (const [path, payload, pointer] of [
    ['retry', { status: ['running'] }, '/status/0'],
    ['cancel', { status: ['failed'] }, '/status/0'],
    ['retry', { tasks: ['a b'] }, '/tasks/0'],
    ['cancel', { tasks: [] }, '/tasks'],
    ['retry', { task: 'a' }, '/task'],
  ] as const) {
    const response = await post(path, payload)
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ errors: [{ pointer }] })
  }
})

test('resumes a plan with a larger budget', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const resume = (payload: object) =>
    app.inject({ method: 'POST', url: '/v1/plans/p1x/resume', payload })
  expect((await resume({ budgetUsd: 10 })).statusCode).toBe(202)
  expect(api.calls.at(-1)?.args).toEqual(['default', 'p1x', 10])
  for (const budgetUsd of [0, -1, '10', null, undefined]) {
    const response = await resume({ budgetUsd })
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ errors: [{ pointer: '/budgetUsd' }] })
  }
})
