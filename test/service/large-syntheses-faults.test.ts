import { describe, expect, test } from 'vitest'
import { call } from '../support/service.ts'
import {
  expectExact,
  finished,
  leftOfParts,
  now,
  prepareEachTest,
  start,
  submit,
  until,
  versions,
} from './large-synthesis.ts'

prepareEachTest()

describe('a synthesis whose parts are under way', () => {
  test('workers killed between parts, and over the whole, leave one version with an exact ledger', async () => {
    await start(2)
    const release = now.provider.hold()
    const planId = await submit(60, 20)
    await until(() => now.provider.open() >= 4)
    await now.service.workers[0]?.end('SIGKILL')
    release()
    await until(() => now.provider.calls.some(({ parts }) => parts > 0))
    const again = now.provider.hold()
    await now.service.workers[1]?.end('SIGKILL')
    await now.service.addWorker()
    again()
    const plan = await finished(planId)
    expect(plan).toMatchObject({ status: 'succeeded', synthesis: { version: 1 } })
    const [synthesis, ...more] = await versions(planId)
    expect(more).toEqual([])
    expectExact(synthesis, 60, 20)
    expect(synthesis?.executor).toBe('model')
    expect(await leftOfParts(planId)).toEqual([])
  })

  test('a worker that shuts down hands its parts to another', async () => {
    await start(1, { SHUTDOWN_GRACE_MS: '100' })
    const release = now.provider.hold()
    const planId = await submit(60, 20)
    await until(() => now.provider.open() >= 4)
    expect(await now.service.workers[0]?.end('SIGTERM')).toBe(0)
    release()
    await now.service.addWorker()
    expect(await finished(planId)).toMatchObject({ status: 'succeeded' })
    expectExact((await versions(planId))[0], 60, 20)
    expect(await leftOfParts(planId)).toEqual([])
  })

  test('a plan cancelled between parts ends with the deterministic merge, without more model calls', async () => {
    await start(1, { TUTTI_SYNTHESIS_CONCURRENCY: '4' })
    const release = now.provider.hold()
    const planId = await submit(60, 20)
    await until(() => now.provider.open() >= 4)
    const asked = now.provider.calls.length
    expect((await call(`${now.service.url}/v1/plans/${planId}/cancel`, 'POST')).status).toBe(200)
    await until(async () => (await versions(planId)).length === 1)
    const [synthesis] = await versions(planId)
    expectExact(synthesis, 60, 20)
    expect(synthesis?.executor).toBe('merge')
    expect(synthesis?.notes.join(' ')).toContain('The plan was stopped')
    expect(now.provider.calls).toHaveLength(asked)
    expect(now.provider.open()).toBe(0)
    release()
    await until(async () => (await leftOfParts(planId)).length === 0)
  })

  test('a plan deleted between parts leaves nothing behind', async () => {
    await start(1)
    const release = now.provider.hold()
    const planId = await submit(60, 20)
    await until(() => now.provider.open() >= 4)
    expect((await call(`${now.service.url}/v1/plans/${planId}`, 'DELETE')).status).toBe(204)
    await until(() => now.provider.open() === 0)
    release()
    await until(async () => (await now.redis.keys(`*${planId}*`)).length === 0)
  })
})
