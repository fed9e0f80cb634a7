import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { AttemptAborted } from '../../../../src/core/run/running-tasks.ts'
import { until } from '../../../support/units.ts'
import { type Agents, agentTask, openAgents } from './mortal-workers.ts'
import type { Said } from './stepping-provider.ts'

const SCRIPT: Said[] = [
  { text: 'One.', calls: [['list', {}]] },
  { text: 'Two.', calls: [['read', { path: 'a.txt' }]] },
  { text: 'Three.', calls: [['list', {}]] },
  { text: 'Done.' },
]

let agents: Agents

beforeAll(async () => {
  agents = await openAgents(inject('redisUrl'), SCRIPT)
})

beforeEach(() => {
  agents.provider.calls.length = 0
})

afterAll(() => agents.close())

const aPlan = (rest: object = {}) =>
  agents.units.aPlan([agentTask(rest)], { files: { 'a.txt': 'one\n' } })

const steps = () => agents.provider.calls.map(({ step }) => step)

/** Runs the plan with a worker to which this happens while its provider is asked for a step. */
async function runUntil(
  plan: Awaited<ReturnType<typeof aPlan>>,
  step: number,
  does: (worker: ReturnType<Agents['aWorker']>) => Promise<void> | void,
  delivery = 1,
) {
  const worker = agents.aWorker()
  const { hook } = agents.provider
  agents.provider.hook = async (at, phase) => {
    if (at === step && phase === 'come') await does(worker)
    else await hook(at, phase)
  }
  return worker.run(plan.units[0], delivery)
}

describe('a worker that is told to end', () => {
  test('lets the call under way end, and hands the task over without a call lost', async () => {
    const plan = await aPlan()
    expect(await runUntil(plan, 2, (worker) => worker.stopping.abort())).toBe('give-back')
    expect(await plan.state('work')).toMatchObject({ status: 'queued', spent: 0 })
    expect(await agents.aWorker().run(plan.units[0], 2)).toBe('over')
    expect(steps()).toEqual([1, 2, 3, 4])
    const attempts = await plan.attempts('work')
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['interrupted', 'succeeded'])
    expect(attempts[1]?.resumedFromStep).toBe(2)
  })

  test('still ends a task whose last answer is under way', async () => {
    const plan = await aPlan()
    expect(await runUntil(plan, 4, (worker) => worker.stopping.abort())).toBe('over')
    expect(await plan.state('work')).toMatchObject({ status: 'succeeded' })
  })

  test('lets a task run on that is not to be resumed', async () => {
    const plan = await aPlan({ options: { resume: false } })
    expect(await runUntil(plan, 2, (worker) => worker.stopping.abort())).toBe('over')
    expect(steps()).toEqual([1, 2, 3, 4])
  })
})

describe('the next attempt continues after the last step', () => {
  test('of one that timed out', async () => {
    const plan = await aPlan({ timeoutMs: 1_500 })
    const worker = agents.aWorker()
    let isFirst = true
    agents.provider.hook = async (step, phase) => {
      if (!isFirst || step !== 3 || phase !== 'come') return
      isFirst = false
      await new Promise(() => {})
    }
    await worker.run(plan.units[0])
    expect(steps()).toEqual([1, 2, 3, 3, 4])
    const attempts = await plan.attempts('work')
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['timed-out', 'succeeded'])
    expect(attempts[1]?.resumedFromStep).toBe(2)
    const { steps: kept } = await agents.units.steps.read(plan.id, 'work', 0, 10)
    expect(kept.map(({ number, attempt }) => [number, attempt])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
    ])
  })

  test('of one whose lease was lost, whose late step is refused', async () => {
    const plan = await aPlan()
    const first = agents.aWorker()
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>()
    const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>()
    let isFirst = true
    agents.provider.hook = async (step, phase) => {
      if (!isFirst || step !== 2 || phase !== 'come') return
      isFirst = false
      asked()
      await goesOn
    }
    const running = first.run(plan.units[0])
    await isAsked
    const second = agents.aWorker()
    agents.provider.hook = async () => {}
    expect(await second.run(plan.units[0], 2)).toBe('over')
    goOn()
    expect(await running).toBe('over')
    const { steps: kept } = await agents.units.steps.read(plan.id, 'work', 0, 10)
    expect(kept.map(({ attempt }) => attempt)).toEqual([1, 2, 2, 2])
    expect(await plan.state('work')).toMatchObject({ status: 'succeeded' })
  })

  test('unless options.resume is false, and the steps before stay to be read', async () => {
    const plan = await aPlan({ timeoutMs: 1_500, options: { resume: false } })
    let isFirst = true
    const worker = agents.aWorker()
    agents.provider.hook = async (step, phase) => {
      if (!isFirst || step !== 2 || phase !== 'come') return
      isFirst = false
      await new Promise(() => {})
    }
    await worker.run(plan.units[0])
    expect(steps()).toEqual([1, 2, 1, 2, 3, 4])
    const { steps: kept } = await agents.units.steps.read(plan.id, 'work', 0, 10)
    expect(kept.map(({ number, attempt }) => [number, attempt])).toEqual([
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 2],
      [5, 2],
    ])
    const attempts = await plan.attempts('work')
    expect(attempts.map(({ resumedFromStep }) => resumedFromStep)).toEqual([undefined, undefined])
  })

  test('and its limit of steps counts those before', async () => {
    const plan = await aPlan({ options: { maxSteps: 3 } })
    expect(await runUntil(plan, 2, (worker) => worker.stopping.abort())).toBe('give-back')
    await agents.aWorker().run(plan.units[0], 2)
    expect(steps()).toEqual([1, 2, 3])
    expect(await plan.state('work')).toMatchObject({
      status: 'incomplete',
      error: { code: 'step-limit' },
      usage: { steps: 3 },
    })
  })

  test('and one that is cancelled then keeps what was said before', async () => {
    const plan = await aPlan()
    expect(await runUntil(plan, 2, (worker) => worker.stopping.abort())).toBe('give-back')
    const cancel = async (worker: ReturnType<Agents['aWorker']>) => {
      await agents.units.life.cancel(plan.id, { tasks: ['work'] })
      worker.running.abort(plan.id, 'work', new AttemptAborted('cancelled', 'It was cancelled.'))
    }
    await runUntil(plan, 3, cancel, 2)
    expect(await plan.state('work')).toMatchObject({ status: 'cancelled' })
    const [output] = await agents.units.tasks.outputs(plan.id, ['work'])
    expect(output?.text).toBe('One.\n\nTwo.')
  })
})

test('a retry begins anew', async () => {
  const plan = await aPlan()
  await agents.aWorker().run(plan.units[0])
  expect(steps()).toEqual([1, 2, 3, 4])
  const batch = {
    firstUnit: await agents.units.life.nextUnit(plan.id),
    tasks: [{ taskId: 'work', waitsFor: [], priority: 0, lane: 'io' as const }],
  }
  expect(await agents.units.life.requeue(plan.id, batch)).toEqual({ status: 'queued' })
  const [unit] = plan.units
  const again = { ...unit, unit: batch.firstUnit, bundle: 0, taskIds: ['work'] }
  await agents.aWorker().run(again as typeof unit)
  expect(steps()).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
  const { steps: kept } = await agents.units.steps.read(plan.id, 'work', 0, 10)
  expect(kept.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 2, 2, 2, 2])
})

test('steps go with their plan', async () => {
  const plan = await aPlan()
  await agents.aWorker().run(plan.units[0])
  const keys = () => agents.units.redis.keys(`*${plan.id}*`)
  expect((await keys()).some((key) => key.endsWith(':steps'))).toBe(true)
  await agents.units.plans.delete(plan.id, 'default')
  await until(async () => (await keys()).filter((key) => key.includes(':plan:')).length === 0)
})
