import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ServiceError } from '../../../src/core/contract/errors.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import type { StepKeeper, StepStore } from '../../../src/core/ports/step-store.ts'
import type { StepAnswer } from '../../../src/core/ports/steps.ts'
import { NO_FOLDER } from '../../../src/core/run/attempt-folder.ts'
import { stepLog } from '../../../src/core/run/step-log.ts'
import { shardKey, shardOf } from '../../../src/store/keys.ts'
import { openUnits } from '../../support/units.ts'

let units: Awaited<ReturnType<typeof openUnits>>

beforeAll(async () => {
  units = await openUnits(inject('redisUrl'))
})

afterAll(() => units.close())

/** Begins the next attempt at the task of a plan. */
async function begin(planId: string, unit = 0): Promise<StepKeeper> {
  const token = randomUUID()
  const asked = { planId, taskId: 'work', token, unit, round: 0, delivery: 1 }
  const begun = await units.life.begin(asked)
  if (begun.status !== 'begun') throw new Error(`it is ${begun.status}`)
  return { planId, taskId: 'work', attempt: begun.attempt, token }
}

const aPlan = () => units.aPlan([{ id: 'work' }])

const logOf = (
  keeper: StepKeeper,
  options: { store?: StepStore; mostBytes?: number; signal?: AbortSignal } = {},
) =>
  stepLog({
    store: units.steps,
    keeper,
    folder: () => NO_FOLDER,
    signal: new AbortController().signal,
    stopping: new AbortController().signal,
    usage: () => NO_USAGE,
    onResumed: () => {},
    onFault: (error) => void units.faults.push(error),
    ...options,
  })

const calls = (step: number, input = '{}'): StepAnswer => ({
  model: 'local:m',
  parts: [{ type: 'tool-call', toolCallId: `call-${step}`, toolName: 'read', input }],
  usage: NO_USAGE,
})

async function keepSteps(log: ReturnType<typeof logOf>, count: number, result: string) {
  for (let step = 1; step <= count; step += 1) {
    await log.keepAnswer(calls(step), { ms: 1, isLast: false })
    await log.keepResults([{ id: `call-${step}`, result }], { changedFiles: false })
  }
}

test('a task that says too much has its oldest results shortened, which says so', async () => {
  const plan = await aPlan()
  const first = logOf(await begin(plan.id), { mostBytes: 26_000 })
  await first.resume('it', { anew: false })
  await keepSteps(first, 8, 'é'.repeat(2_500))
  const { steps } = await units.steps.read(plan.id, 'work', 0, 100)
  expect(steps).toHaveLength(8)
  const lengths = steps.map(({ results }) => String(results?.[0]?.result).length)
  expect(lengths.slice(-2)).toEqual([2_500, 2_500])
  expect(steps[0]?.results?.[0]).toMatchObject({
    result: expect.stringMatching(/\n\[shortened: the first 1000 of 2500 characters are kept\]$/),
    shortened: 2_500,
  })

  const second = await begin(plan.id)
  const resumed = await units.steps.resume(second, ' it', { anew: false })
  expect(resumed).toMatchObject({ status: 'resumed', last: 8 })
  expect('bytes' in resumed ? resumed.bytes : 0).toBeLessThanOrEqual(26_000)
})

test('what cannot be kept at all leaves the steps before as they were', async () => {
  const plan = await aPlan()
  const log = logOf(await begin(plan.id), { mostBytes: 20_000 })
  await log.resume('it', { anew: false })
  await keepSteps(log, 1, 'short')
  await log.keepAnswer(calls(2, 'x'.repeat(30_000)), { ms: 1, isLast: false })
  await log.keepResults([{ id: 'call-2', result: 'short' }], { changedFiles: false })
  expect(log.countsUsage()).toBe(false)
  const again = logOf(await begin(plan.id))
  const { steps } = await again.resume('it', { anew: false })
  expect(steps.map(({ number }) => number)).toEqual([1])
})

test('a step waits while the store is away', async () => {
  const plan = await aPlan()
  let refusals = 2
  const store: StepStore = {
    ...units.steps,
    async keep(...args) {
      refusals -= 1
      if (refusals >= 0) throw new ServiceError('unavailable', 'The store is full.')
      return units.steps.keep(...args)
    },
  }
  const log = logOf(await begin(plan.id), { store })
  await log.resume('it', { anew: false })
  await log.keepAnswer(calls(1), { ms: 1, isLast: true })
  expect(refusals).toBe(-1)
  expect((await units.steps.read(plan.id, 'work', 0, 10)).last).toBe(1)
})

test('a step of an attempt that was taken for dead is refused', async () => {
  const plan = await aPlan()
  const dead = logOf(await begin(plan.id))
  await dead.resume('it', { anew: false })
  await dead.keepAnswer(calls(1), { ms: 1, isLast: false })
  await begin(plan.id)
  const late = dead.keepResults([{ id: 'call-1', result: 'late' }], { changedFiles: false })
  await expect(late).rejects.toMatchObject({ kind: 'lost' })
  const { steps } = await units.steps.read(plan.id, 'work', 0, 10)
  expect(steps.map(({ results }) => results)).toEqual([undefined])
})

test('another conversation starts from the beginning, and is distinguished from the previous one', async () => {
  const plan = await aPlan()
  const log = logOf(await begin(plan.id))
  await log.resume('it', { anew: false })
  await keepSteps(log, 2, 'short')
  const other = logOf(await begin(plan.id))
  expect((await other.resume('something else', { anew: false })).steps).toEqual([])
  await keepSteps(other, 1, 'short')
  const third = logOf(await begin(plan.id))
  const { steps } = await third.resume('something else', { anew: false })
  expect(steps.map(({ number, attempt }) => [number, attempt])).toEqual([[3, 2]])
})

test('a step kept twice is one step and one event', async () => {
  const plan = await aPlan()
  const keeper = await begin(plan.id)
  const store: StepStore = {
    ...units.steps,
    async keep(...args) {
      await units.steps.keep(...args)
      return units.steps.keep(...args)
    },
  }
  const log = logOf(keeper, { store })
  await log.resume('it', { anew: false })
  await keepSteps(log, 1, 'short')
  const events = await units.events.read(plan.id, '0-0', 100)
  const told = events.filter(({ type }) => type === 'step.finished')
  expect(told.map(({ data }) => data)).toEqual([
    {
      taskId: 'work',
      attempt: 1,
      number: 1,
      kind: 'model',
      model: 'local:m',
      tools: ['read'],
      errors: 0,
      at: expect.any(Number),
    },
  ])
})

test.each([
  ['for lack of money goes on when it is retried', 'budget-exhausted', [1, 2], true],
  ['for another reason begins anew when it is retried', 'step-limit', [], false],
])('a task that ended %s', async (_, code, numbers, retried) => {
  const plan = await aPlan()
  const keeper = await begin(plan.id)
  const log = logOf(keeper)
  await log.resume('it', { anew: false })
  await keepSteps(log, 2, 'short')
  const error = { code, message: 'It is over.' }
  const ended = { status: 'incomplete', outcome: 'incomplete', spends: false, error } as const
  await units.life.end({ ...keeper, ...ended })
  const task = { taskId: 'work', waitsFor: [], priority: 0, lane: 'io' as const }
  const firstUnit = await units.life.nextUnit(plan.id)
  expect(await units.life.requeue(plan.id, { firstUnit, tasks: [task] })).toMatchObject({
    status: 'queued',
  })
  const again = logOf(await begin(plan.id, firstUnit))
  const resumed = await again.resume('it', { anew: false })
  expect(resumed.steps.map(({ number }) => number)).toEqual(numbers)
  expect(resumed.retried).toBe(retried)
  const { steps } = await units.steps.read(plan.id, 'work', 0, 10)
  expect(steps.map(({ number }) => number)).toEqual([1, 2])
})

test('a plan may have its webhook called for each step', async () => {
  const webhook = { url: 'https://example.com/hook', events: ['step.finished' as const] }
  const plan = await units.aPlan([{ id: 'work' }], { webhook })
  const log = logOf(await begin(plan.id))
  await log.resume('it', { anew: false })
  await keepSteps(log, 1, 'short')
  const shard = shardKey(units.space, shardOf(plan.id))
  const outgoing = await units.redis.hgetall(`${shard}:outgoing`)
  const ours = Object.values(outgoing).filter((event) => event.includes(plan.id))
  expect(ours.map((event) => JSON.parse(event))).toMatchObject([
    { type: 'step.finished', taskId: 'work', step: 1 },
  ])
})
