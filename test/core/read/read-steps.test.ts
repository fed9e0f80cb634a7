import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { readSteps } from '../../../src/core/read/read-steps.ts'
import { openUnits } from '../../support/units.ts'

let units: Awaited<ReturnType<typeof openUnits>>

beforeAll(async () => {
  units = await openUnits(inject('redisUrl'))
})

afterAll(() => units.close())

/** A task with so many steps, each with the result of one tool. */
async function stepsOf(results: readonly object[]) {
  const plan = await units.aPlan([{ id: 'work' }])
  const token = randomUUID()
  const asked = { planId: plan.id, taskId: 'work', token, unit: 0, round: 0, delivery: 1 }
  await units.life.begin(asked)
  const keeper = { planId: plan.id, taskId: 'work', attempt: 1, token }
  const whole = { name: 'it', ms: 5, event: {}, usage: NO_USAGE, files: undefined, replaced: [] }
  for (const [index, result] of results.entries()) {
    const number = index + 1
    const parts = [
      { type: 'text-delta', delta: 'Hel' },
      { type: 'text-delta', delta: 'lo' },
      { type: 'reasoning-delta', delta: 'Hm.' },
      { type: 'tool-call', toolCallId: 'c', toolName: 'read', input: '{"path":"a"}' },
    ]
    const answer = JSON.stringify({ model: 'local:m', parts, usage: NO_USAGE })
    const said = JSON.stringify([{ id: 'c', ...result }])
    await units.steps.keep(keeper, {
      ...whole,
      number,
      part: 'answer',
      isComplete: false,
      body: answer,
    })
    await units.steps.keep(keeper, {
      ...whole,
      number,
      part: 'results',
      isComplete: true,
      body: said,
    })
  }
  const { steps, step } = readSteps(units)
  return {
    page: (rest: { tenant?: string; taskId?: string; limit?: number; cursor?: string } = {}) =>
      steps({
        tenant: 'default',
        planId: plan.id,
        taskId: 'work',
        limit: 50,
        cursor: undefined,
        ...rest,
      }),
    one: (number: number) => step('default', plan.id, 'work', number),
  }
}

test('steps are listed in order over pages, with texts, tools and errors', async () => {
  const { page } = await stepsOf([
    { result: 'fine' },
    { error: 'It broke.' },
    { result: 'Error: No.' },
  ])
  const first = await page({ limit: 2 })
  expect(first.items[0]).toMatchObject({
    number: 1,
    attempt: 1,
    kind: 'model',
    model: 'local:m',
    text: 'Hello',
    reasoning: 'Hm.',
    toolCalls: [
      { id: 'c', name: 'read', arguments: { path: 'a' }, result: 'fine', isError: false },
    ],
    finishedAt: expect.stringMatching(/Z$/),
  })
  const second = await page({ limit: 2, cursor: first.nextCursor ?? '' })
  expect(second.nextCursor).toBeNull()
  const calls = [...first.items, ...second.items].flatMap(({ toolCalls }) => toolCalls)
  expect(calls.map(({ isError }) => isError)).toEqual([false, true, true])
})

test('a long result is cut on a list, and whole where its step is read', async () => {
  const { page, one } = await stepsOf([{ result: 'x'.repeat(5_000) }])
  const [listed] = (await page()).items
  expect(listed?.toolCalls[0]).toMatchObject({
    result: 'x'.repeat(2_000),
    resultCharacters: 5_000,
  })
  const [call] = (await one(1)).toolCalls
  expect(call?.result).toBe('x'.repeat(5_000))
  expect(call).not.toHaveProperty('resultCharacters')
})

test('what there is not is said by its code', async () => {
  const { page, one } = await stepsOf([{ result: 'fine' }])
  await expect(page({ tenant: 'other' })).rejects.toMatchObject({ code: 'plan-not-found' })
  await expect(page({ taskId: 'none' })).rejects.toMatchObject({ code: 'task-not-found' })
  await expect(page({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid-request' })
  await expect(one(2)).rejects.toMatchObject({ code: 'step-not-found' })
})
