import { expect, test } from 'vitest'
import { anApp } from '../harness.ts'

const TASK = '/v1/plans/p1x/tasks/security'

test('lists the steps of a task, and reads one', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const listed = await app.inject(`${TASK}/steps?limit=10&cursor=abc`)
  expect(listed.json()).toMatchObject({ items: [{ number: 1, kind: 'model' }], nextCursor: null })
  expect(api.calls.at(-1)?.args).toEqual([
    { tenant: 'default', planId: 'p1x', taskId: 'security', limit: 10, cursor: 'abc' },
  ])
  expect((await app.inject(`${TASK}/steps/1`)).json()).toMatchObject({ number: 1 })
  expect((await app.inject(`${TASK}/steps/2`)).json()).toMatchObject({ code: 'step-not-found' })
})

test.each(['/steps/0', '/steps/first', '/steps?limit=0', '/steps?errors=true'])(
  'refuses %s',
  async (path) => {
    const { app, api } = await anApp()
    api.addPlan('p1x')
    const { statusCode } = await app.inject(`${TASK}${path}`)
    expect([400, 404]).toContain(statusCode)
  },
)

test('hands on what a person says to a task', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const payload = { text: 'Leave out src/legacy.' }
  const response = await app.inject({ method: 'POST', url: `${TASK}/messages`, payload })
  expect(response.statusCode).toBe(202)
  expect(response.json()).toMatchObject(payload)
  expect(api.calls.at(-1)?.args).toEqual(['default', 'p1x', 'security', payload.text])
})

test.each([
  [{ text: '' }, '/text'],
  [{ text: 'x'.repeat(32_001) }, '/text'],
  [{}, '/text'],
  [{ text: 'Hello.', urgent: true }, '/urgent'],
])('refuses a message such as %j, and names the field', async (payload, pointer) => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const response = await app.inject({ method: 'POST', url: `${TASK}/messages`, payload })
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ errors: [{ pointer }] })
})
