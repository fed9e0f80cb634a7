import { describe, expect, test } from 'vitest'
import { call } from '../support/service.ts'
import { keepAll } from '../support/synthesizing-provider.ts'
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

describe('a synthesis that is more than one call can hold', () => {
  test('a thousand tasks of twenty findings without a model: merged, each accounted for', async () => {
    await start(1, { TUTTI_MODEL: '' })
    const planId = await submit(1_000, 20)
    expect((await finished(planId)).status).toBe('succeeded')
    const [synthesis, ...more] = await versions(planId)
    expect(more).toEqual([])
    expectExact(synthesis, 1_000, 20)
    expect(synthesis?.executor).toBe('merge')
    // Three of twenty findings have a twin in the neighbouring task.
    expect(synthesis?.findings).toHaveLength(20_000 - 500 * 3)
    const twins = synthesis?.findings.filter(({ sources }) => sources.length === 2) ?? []
    expect(twins).toHaveLength(1_500)
    for (const twin of twins) expect(twin).toMatchObject({ severity: 'critical', confidence: 0.4 })
  })

  test('a thousand tasks of twenty findings in parts, by a model that drops some and writes garbage', async () => {
    now.write = (asked, number) => {
      if (number % 9 === 0) return 'I would rather not.'
      return keepAll(asked, (_, index) => (index + number) % 11 !== 0)
    }
    await start(2)
    const planId = await submit(1_000, 20)
    const plan = await finished(planId)
    const [synthesis, ...more] = await versions(planId)
    expect(more).toEqual([])
    expectExact(synthesis, 1_000, 20)
    expect(synthesis?.executor).toBe('model')
    expect(synthesis?.notes.join(' ')).toMatch(/Written in \d+ parts/)
    expect(synthesis?.notes.join(' ')).toMatch(/Put back \d+ findings left out without a reason/)
    const back = synthesis?.ledger.filter(({ reason }) => reason?.includes('put back')) ?? []
    expect(back.length).toBeGreaterThan(1_000)
    expect(synthesis?.summary).toMatch(/^Over \d+ findings\.$/)
    // Leaves, a level above them, and the whole; every call is counted once.
    expect(new Set(now.provider.calls.map(({ parts }) => parts > 0))).toEqual(
      new Set([true, false]),
    )
    for (const { findings } of now.provider.calls) expect(findings.length).toBeLessThanOrEqual(200)
    expect(plan.usage.steps).toBe(now.provider.calls.length)
    expect(synthesis?.usage.steps).toBe(now.provider.calls.length)
    expect(await leftOfParts(planId)).toEqual([])
  }, 180_000)

  test('one slot is enough for two of them, and for versions asked for later', async () => {
    await start(1, { TUTTI_SYNTHESIS_CONCURRENCY: '1' })
    const plans = await Promise.all([submit(30, 20), submit(30, 20)])
    await Promise.all(plans.map(finished))
    const [planId = ''] = plans
    const asked = await call(`${now.service.url}/v1/plans/${planId}/syntheses`, 'POST', {
      instructions: 'Only what is urgent.',
    })
    expect(asked.status).toBe(202)
    await until(async () => (await versions(planId)).length === 2)
    for (const version of await versions(planId)) {
      expectExact(version, 30, 20)
      expect(version.executor).toBe('model')
    }
    const urgent = now.provider.calls.filter(({ prompt }) =>
      prompt.includes('Only what is urgent.'),
    )
    expect(urgent.filter(({ parts }) => parts > 0)).toHaveLength(1)
    expect(urgent.length).toBeGreaterThan(3)
    expect(await leftOfParts(planId)).toEqual([])
  })

  test('a model that writes garbage only is replaced by the merge of the whole, which says so', async () => {
    now.write = () => 'Sorry, I cannot help with that.'
    await start(1)
    const planId = await submit(30, 20)
    await finished(planId)
    const [synthesis] = await versions(planId)
    expectExact(synthesis, 30, 20)
    expect(synthesis?.executor).toBe('merge')
    expect(synthesis?.notes.join(' ')).toContain('deterministic merge')
    expect(synthesis?.summary).toMatch(/^> The model did not write a usable synthesis/)
    // Three tries for each part, and none over parts that no model wrote.
    expect(now.provider.calls.filter(({ parts }) => parts > 0)).toEqual([])
    expect(now.provider.calls.length % 3).toBe(0)
  })
})
