import { expect, test } from 'vitest'
import { anApp } from '../harness.ts'

const PIECE = `"${'x'.repeat(50_000)}",`

/** Not as JSON.stringify would write it: whoever parsed it and wrote it again would be found out. */
async function* stored(count: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{ "version": 1, "status": "succeeded", "notes": [')
  for (let at = 0; at < count; at += 1) yield Buffer.from(PIECE)
  yield Buffer.from('""] }')
}
const textOf = (count: number) =>
  `{ "version": 1, "status": "succeeded", "notes": [${PIECE.repeat(count)}""] }`

test('a synthesis is sent as it is stored: a small one with its length, a large one as a stream', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  for (const count of [0, 20]) {
    api.syntheses.newest = async () => stored(count)
    api.syntheses.all = async () => [stored(count), stored(0)]
    const newest = await app.inject('/v1/plans/p1x/synthesis')
    expect(newest.payload === textOf(count)).toBe(true)
    expect(newest.headers['content-length']).toBe(count === 0 ? `${textOf(0).length}` : undefined)
    expect(newest.headers['content-type']).toBe('application/json; charset=utf-8')
    const all = await app.inject('/v1/plans/p1x/syntheses')
    expect(all.payload === `{"items":[${textOf(count)},${textOf(0)}]}`).toBe(true)
    const head = await app.inject({ method: 'HEAD', url: '/v1/plans/p1x/synthesis' })
    expect([head.statusCode, head.payload]).toEqual([200, ''])
  }
})

test('a plan that was waited for has its synthesis in it, however large that is', async () => {
  const { app, api } = await anApp()
  api.syntheses.newest = async () => stored(20)
  const { get } = api.plans
  api.plans.get = async (tenant, planId, wait) => {
    if (wait !== undefined) api.finish(planId)
    return get(tenant, planId, wait)
  }
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/plans',
    headers: { prefer: 'wait=5' },
    payload: { tasks: [{ prompt: 'Hello.', executor: 'echo' }] },
  })
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toMatchObject({ status: 'succeeded', synthesis: { version: 1 } })
  expect(answer.payload).toContain(textOf(20))
})
