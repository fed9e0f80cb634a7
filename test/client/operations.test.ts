import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { tutti } from '../../src/client/index.ts'

const DOCUMENT = new URL('../../openapi/openapi.json', import.meta.url)

test('every operation of the API has its call, and every call its operation', async () => {
  const called = new Set<string>()
  const client = tutti({
    baseUrl: 'http://tutti.test',
    fetch: (input, init) => {
      if (typeof input !== 'string') throw new Error('the client calls fetch with a text')
      called.add(`${init?.method} ${new URL(input).pathname}`)
      const body = input.endsWith('/outputs') ? '' : '{"items":[],"nextCursor":null}'
      const events = 'event: plan.finished\ndata: {}\n\n'
      return Promise.resolve(new Response(input.endsWith('/events') ? events : body))
    },
  })
  const { plans, tasks, syntheses } = client
  const planId = '{planId}'
  const taskId = '{taskId}'
  await plans.submit({ goal: 'Log in' })
  await plans.list().next()
  await plans.get(planId)
  await plans.delete(planId)
  await plans.cancel(planId)
  await plans.retry(planId)
  await plans.add(planId, [{ task: 'Look.' }])
  await plans.resume(planId, 1)
  await plans.report(planId)
  await plans.submission(planId, { files: true })
  await plans.todos(planId)
  await plans.deliveries(planId)
  await plans.events(planId).next()
  await tasks.list(planId).next()
  await tasks.get(planId, taskId)
  await tasks.output(planId, taskId, { block: false })
  await tasks.steps(planId, taskId).next()
  await tasks.step(planId, taskId, 1)
  await tasks.outputs(planId).next()
  await tasks.cancel(planId, taskId)
  await tasks.retry(planId, taskId)
  await tasks.message(planId, taskId, 'Look at b.ts too.')
  await syntheses.newest(planId)
  await syntheses.all(planId)
  await syntheses.get(planId, 1)
  await syntheses.create(planId)
  await client.executors()
  await client.workers()

  const { paths } = JSON.parse(await readFile(DOCUMENT, 'utf8'))
  const documented = Object.entries<object>(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
  const calls = [...called].map((call) =>
    decodeURIComponent(call)
      .replace('/syntheses/1', '/syntheses/{version}')
      .replace('/steps/1', '/steps/{number}'),
  )
  expect(calls.toSorted()).toEqual(documented.toSorted())
})
