import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Spender } from '../../src/core/budget/allowance.ts'
import { planKey } from '../../src/store/keys.ts'
import { redisPlanStore } from '../../src/store/plan-store.ts'
import { loadScripts } from '../../src/store/scripts.ts'
import { aPlan, call, cost, redis, SEEN, space, TASKS } from './plan-with-budget.ts'

afterAll(() => redis.disconnect())

test('money reserved and spent together never exceeds the budget, in any order', async () => {
  const step = fc.record({
    task: fc.nat(TASKS.length - 1),
    act: fc.constantFrom('reserve', 'settle', 'unknown', 'refuse', 'end', 'die'),
    least: fc.integer({ min: 1, max: 400 }),
    most: fc.integer({ min: 1, max: 1_000 }),
    /** Of what was set aside, in percent. */
    used: fc.integer({ min: 0, max: 100 }),
    known: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const budgetUsd = 1
      const { id, life, budgets, begin, record } = await aPlan(budgetUsd)
      const running = new Map<string, { token: string; spender: Spender & { attempt: number } }>()
      const held = new Map<string, { id: string; usd: number }>()
      const spent = new Map<string, number>()
      let total = 0
      for (const { task, act, least, most, used, known } of steps) {
        const taskId = TASKS[task] ?? 'a'
        if (!running.has(taskId)) {
          const state = await begin(taskId).catch(() => undefined)
          if (state === undefined) continue
          running.set(taskId, state)
          spent.set(taskId, 0)
        }
        const mine = running.get(taskId)
        const reservation = held.get(taskId)
        if (mine === undefined) continue
        const settle = (status: 'reported' | 'unknown' | 'nothing', callId: string) =>
          budgets.settle(id, mine.spender, { id: callId, model: 'm', spent: { status } })
        if (act === 'reserve' && reservation === undefined) {
          const callId = randomUUID()
          const low = Math.min(least, most) / 1_000
          const quote = { least: low, enough: low, most: most / 1_000, likely: low }
          const answer = await budgets.reserve(id, mine.spender, {
            id: callId,
            ...(known ? { model: 'm', seen: SEEN } : { model: 'new', seen: undefined }),
            ...quote,
          })
          if (answer.status === 'reserved') held.set(taskId, { id: callId, usd: answer.usd })
        } else if (act === 'settle' && reservation !== undefined) {
          const usd = (reservation.usd * used) / 100
          total += usd
          spent.set(taskId, (spent.get(taskId) ?? 0) + usd)
          await budgets.count(id, mine.spender, cost(spent.get(taskId) ?? 0))
          await settle('reported', reservation.id)
          held.delete(taskId)
        } else if (act === 'unknown' && reservation !== undefined) {
          await settle('unknown', reservation.id)
          held.delete(taskId)
        } else if (act === 'refuse' && reservation !== undefined) {
          await settle('nothing', reservation.id)
          held.delete(taskId)
        } else if (act === 'end') {
          await life.end({
            planId: id,
            ...mine.spender,
            taskId,
            token: mine.token,
            status: 'queued',
            outcome: 'failed',
            spends: false,
            usage: cost(spent.get(taskId) ?? 0),
          })
          running.delete(taskId)
          held.delete(taskId)
        } else if (act === 'die') {
          // Another worker begins it again.
          running.delete(taskId)
          held.delete(taskId)
        }
        const { usage, held: aside } = await record()
        const sum = usage.costUsd + aside.reservedUsd + aside.unknownUsd
        // Rounding to whole nano-dollars, call by call.
        expect(sum).toBeLessThanOrEqual(budgetUsd + steps.length * 1e-9)
        expect(usage.costUsd).toBeCloseTo(total, 7)
        const open = [...held.values()].reduce((all, { usd }) => all + usd, 0)
        expect(aside.reservedUsd).toBeGreaterThanOrEqual(open - 1e-9)
      }
    }),
    { numRuns: 60 },
  )
})

test('parallel calls of many tasks share the budget', async () => {
  const { id, budgets, begin, record } = await aPlan(0.1)
  const all = await Promise.all(TASKS.map(begin))
  const answers = await Promise.all(
    all.map(({ spender }, at) => budgets.reserve(id, spender, call(`c${at}`, 0.04))),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([
    'reserved',
    'reserved',
    'wait',
    'wait',
  ])
  expect((await record()).held.reservedUsd).toBeCloseTo(0.08, 9)
})

test('less than enough is given only where nobody will let go of anything', async () => {
  const { id, budgets, begin } = await aPlan(0.1)
  const [a, b] = await Promise.all([begin('a'), begin('b')])
  const quote = { least: 0.01, enough: 0.06, most: 0.5, likely: 0.01 }
  const reserve = (spender: Spender, callId: string) =>
    budgets.reserve(id, spender, { id: callId, model: 'm', seen: SEEN, ...quote })
  expect(await reserve(a.spender, 'first')).toEqual({ status: 'reserved', usd: 0.06 })
  expect(await reserve(b.spender, 'second')).toEqual({ status: 'wait' })
  await budgets.count(id, a.spender, cost(0.05))
  await budgets.settle(id, a.spender, { id: 'first', model: 'm', spent: { status: 'reported' } })
  expect(await reserve(b.spender, 'second')).toEqual({ status: 'reserved', usd: 0.05 })
})

test('the same call sent twice sets nothing aside twice', async () => {
  const { id, budgets, begin, record } = await aPlan(1)
  const { spender } = await begin('a')
  await budgets.reserve(id, spender, call('c', 0.2))
  await budgets.reserve(id, spender, call('c', 0.2))
  expect((await record()).held.reservedUsd).toBe(0.2)
})

test('a task whose worker died keeps what it used, lets go of its money, and counts what may be billed', async () => {
  const { id, life, budgets, begin, record } = await aPlan(1)
  const { token, spender } = await begin('a')
  await budgets.count(id, spender, cost(0.1))
  await budgets.reserve(id, spender, call('c', 0.3))
  await begin('a')
  expect(await record()).toMatchObject({
    usage: { costUsd: 0.1 },
    held: { reservedUsd: 0, unknownUsd: 0.15 },
  })
  // It was alive after all: it knows what it used, and each dollar is counted once.
  const end = { planId: id, ...spender, token, status: 'succeeded', outcome: 'succeeded' } as const
  const { status } = await life.end({ ...end, spends: false, usage: cost(0.25) })
  expect(status).toBe('refused')
  await life.end({ ...end, spends: false, usage: cost(0.25) })
  expect(await record()).toMatchObject({ usage: { costUsd: 0.25 }, held: { unknownUsd: 0 } })
  expect(await budgets.reserve(id, spender, call('late', 0.1))).toEqual({ status: 'exhausted' })
})

test('a synthesis that is written again after its worker died counts both times', async () => {
  const { id, budgets, syntheses, record } = await aPlan(1)
  const jobId = `${id}-final`
  await syntheses.begin(id, jobId, 'final')
  await budgets.count(id, { jobId }, cost(0.1))
  await budgets.reserve(id, { jobId }, call('c', 0.2))
  await syntheses.begin(id, jobId, 'final')
  expect((await record()).held).toEqual({ reservedUsd: 0, unknownUsd: 0.1 })
  await budgets.count(id, { jobId }, cost(0.3))
  const usage = cost(0.3)
  const synthesis = undefined
  await syntheses.finish(id, jobId, { kind: 'final', synthesis, outcome: 'failed', usage })
  expect((await record()).usage.costUsd).toBeCloseTo(0.4, 9)
})

test('an attempt for which no money is left stops the plan, and its other tasks are skipped', async () => {
  const { id, life, begin, record } = await aPlan(1)
  const { token, spender } = await begin('a')
  const error = { code: 'budget-exhausted', message: 'No money.' }
  await life.end({
    planId: id,
    ...spender,
    token,
    status: 'incomplete',
    outcome: 'incomplete',
    spends: false,
    error,
    usage: cost(0.9),
  })
  const { stop, counts } = await record()
  expect(stop).toMatchObject({ code: 'budget-exhausted' })
  expect(counts).toMatchObject({ incomplete: 1, skipped: 3 })
})

test('no budget data of a plan is left when it is deleted', async () => {
  const { id, budgets, begin } = await aPlan(1)
  const { spender } = await begin('a')
  await budgets.reserve(id, spender, call('c', 0.2))
  const run = loadScripts(redis)
  const plans = redisPlanStore({ redis, run, space, retentionMs: 60_000 })
  await plans.delete(id, 'default')
  await budgets.settle(id, spender, { id: 'c', model: 'm', spent: { status: 'unknown' } })
  await budgets.count(id, spender, cost(1))
  expect(await redis.keys(`${planKey(space, id)}*`)).toEqual([])
})
