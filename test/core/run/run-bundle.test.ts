import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Unit } from '../../../src/core/ports/queue.ts'
import { AttemptAborted } from '../../../src/core/run/running-tasks.ts'
import { planKey } from '../../../src/store/keys.ts'
import { openUnits, succeeds, until, untilAborted } from '../../support/units.ts'

let units: Awaited<ReturnType<typeof openUnits>>

beforeAll(async () => {
  units = await openUnits(inject('redisUrl'))
})

afterAll(() => units.close())

type Plan = Awaited<ReturnType<typeof units.aPlan>>
type Worker = ReturnType<typeof units.aWorker>

const names = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `t${at}` }))

/** Hands jobs out as the queue does: those that are not held, and those that are released or come new. */
function dispatcher(plan: Plan, workerFor: (unit: number) => Worker, delivery = 1) {
  const taken: Unit[] = []
  const runs: Promise<unknown>[] = []
  const start = (unit: Unit | undefined) => {
    if (unit === undefined) return
    taken.push(unit)
    const worker = workerFor(taken.length - 1)
    worker.deps.queue = {
      ...worker.deps.queue,
      release: async (_, released) => {
        for (const { unit: number } of released) start(plan.units[number])
      },
      enqueueBundle: async (bundle) => start(bundle),
    }
    runs.push(worker.run(unit, delivery))
  }
  for (const unit of plan.units) if (!unit.held) start(unit)
  return {
    taken,
    async ended() {
      for (let at = 0; at < runs.length; at += 1) await runs[at]
    },
  }
}

const counts = async (plan: Plan) => (await units.plans.get(plan.id))?.counts

describe('no task waits behind a slow one while there is room for it', () => {
  test('under a limit, however the plan is packed', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const [first, ...rest] = names(400)
    const slow = async () => {
      await gate
      return succeeds()
    }
    const plan = await units.aPlan([{ id: 't0', ...first, does: slow }, ...rest], {
      policy: { maxConcurrency: 8 },
    })
    expect(plan.units.length).toBeLessThan(100)
    const worker = units.aWorker()
    const jobs = dispatcher(plan, () => worker)
    await until(async () => (await counts(plan))?.succeeded === 399)
    expect(await counts(plan)).toMatchObject({ running: 1, queued: 0 })
    open()
    await jobs.ended()
    expect(await counts(plan)).toMatchObject({ succeeded: 400 })
    expect(await units.redis.hget(planKey(units.space, plan.id), 'inFlight')).toBe('0')
    expect(jobs.taken).toHaveLength(plan.units.length)
  })

  test('in a plan without a limit, where another worker has the room', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const [first, ...rest] = names(5)
    const plan = await units.aPlan([
      {
        id: 't0',
        ...first,
        does: async () => {
          await gate
          return succeeds()
        },
      },
      ...rest,
    ])
    expect(plan.units).toHaveLength(1)
    const busy = units.aWorker({ slots: 1 })
    const idle = units.aWorker()
    const jobs = dispatcher(plan, (at) => (at === 0 ? busy : idle))
    await until(async () => (await counts(plan))?.succeeded === 4)
    open()
    await jobs.ended()
    expect(await counts(plan)).toMatchObject({ succeeded: 5 })
    expect(jobs.taken.length).toBeGreaterThan(1)
  })

  test('and a worker that has room for all of them takes no more jobs than there are bundles', async () => {
    const plan = await units.aPlan(names(50))
    expect(plan.units).toHaveLength(10)
    const worker = units.aWorker()
    const jobs = dispatcher(plan, () => worker)
    await jobs.ended()
    expect(await counts(plan)).toMatchObject({ succeeded: 50 })
    expect(jobs.taken).toHaveLength(10)
  })
})

describe('tasks of a higher priority begin first', () => {
  const tasks = ['low', 'none', 'high', 'none2'].map((id, at) => ({
    id,
    priority: [-5, 0, 7, 0][at] ?? 0,
  }))
  const IN_ORDER = ['high', 'none', 'none2', 'low']

  async function begun(slots: number, maxConcurrency?: number): Promise<string[]> {
    const order: string[] = []
    const plan = await units.aPlan(
      tasks.map((task) => ({
        ...task,
        does: async () => {
          order.push(task.id)
          return succeeds()
        },
      })),
      maxConcurrency === undefined ? {} : { policy: { maxConcurrency } },
    )
    const worker = units.aWorker({ slots })
    await dispatcher(plan, () => worker).ended()
    return order
  }

  test('under a limit of one', async () => {
    expect(await begun(100, 1)).toEqual(IN_ORDER)
  })

  test('in a worker of one slot', async () => {
    expect(await begun(1)).toEqual(IN_ORDER)
  })

  test('in the queue, however far apart they stand in the plan', async () => {
    const many = names(3_000).map((task, at) => ({ ...task, priority: at === 2_999 ? 1 : 0 }))
    const plan = await units.aPlan([
      ...many.map((task) => ({ ...task })),
      { id: 'last', waitsFor: ['t0'] },
    ])
    expect(plan.units[2_999]?.round).toBeLessThan(plan.units[0]?.round ?? 0)
  })
})

describe('a bundle that comes again', () => {
  const begin = (plan: Plan, delivery: number, taskId?: string) =>
    units.life.begin({
      planId: plan.id,
      taskId,
      token: randomUUID(),
      unit: 0,
      round: 0,
      delivery,
    })

  test('continues with the tasks that a dead worker had taken, and loses none', async () => {
    const plan = await units.aPlan(names(5))
    await begin(plan, 1)
    await begin(plan, 1)
    const worker = units.aWorker()
    await dispatcher(plan, () => worker, 2).ended()
    expect(await counts(plan)).toMatchObject({ succeeded: 5 })
    expect((await plan.attempts('t0')).map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded'])
    expect(await plan.attempts('t4')).toHaveLength(1)
  })

  test('leaves nothing to the worker that had it before', async () => {
    const plan = await units.aPlan(names(5))
    expect(await begin(plan, 2)).toMatchObject({ status: 'begun', taskId: 't0' })
    expect(await begin(plan, 1)).toMatchObject({ status: 'none' })
  })

  test('answers a call that is sent twice with the same task', async () => {
    const plan = await units.aPlan(names(5))
    const call = {
      planId: plan.id,
      taskId: undefined,
      token: randomUUID(),
      unit: 0,
      round: 0,
      delivery: 1,
    }
    const first = await units.life.begin(call)
    expect(await units.life.begin(call)).toMatchObject({ status: 'begun', taskId: 't0' })
    expect(first).toMatchObject({ status: 'begun', taskId: 't0', attempt: 1 })
  })

  test('is handed back with its unstarted tasks when a worker shuts down', async () => {
    const plan = await units.aPlan(names(5).map((task) => ({ ...task, does: untilAborted })))
    const worker = units.aWorker({ slots: 2 })
    const run = worker.run(plan.units[0])
    await until(async () => (await counts(plan))?.running === 2)
    worker.stopping.abort()
    await units.life.cancel(plan.id, { tasks: ['t0'] })
    await units.life.cancel(plan.id, { tasks: ['t1'] })
    for (const taskId of ['t0', 't1']) {
      worker.running.abort(plan.id, taskId, new AttemptAborted('cancelled', 'So.'))
    }
    expect(await run).toBe('give-back')
    expect(await counts(plan)).toMatchObject({ queued: 3, cancelled: 2 })
  })
})

test('a plan that is stopped lets go of the bundles that waited for its limit', async () => {
  const plan = await units.aPlan(names(400), { policy: { maxConcurrency: 8 } })
  const { released } = await units.life.stop(plan.id, 'cancelled', 'So.')
  const held = plan.units.filter((unit) => unit.held).map(({ unit }) => unit)
  expect(released.toSorted((a, b) => a - b)).toEqual(held)
  const worker = units.aWorker()
  for (const unit of plan.units) expect(await worker.run(unit)).toBe('over')
  expect(await units.redis.hget(planKey(units.space, plan.id), 'inFlight')).toBe('0')
})

test('a task that is cancelled before its turn is passed over', async () => {
  const plan = await units.aPlan(names(5))
  await units.life.cancel(plan.id, { tasks: ['t1'] })
  await units.aWorker().run(plan.units[0])
  expect(await counts(plan)).toMatchObject({ succeeded: 4, cancelled: 1 })
})

test('a plan is over when its last task ends, also after its bundle has found nothing left to begin', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const slow = async () => {
    await gate
    return succeeds()
  }
  const plan = await units.aPlan([{ id: 't0', does: slow }, { id: 't1' }])
  const [unit] = plan.units
  if (unit === undefined) throw new Error('the plan has no unit')
  const nothing = Promise.withResolvers<void>()
  const life: typeof units.life = {
    ...units.life,
    async begin(attempt) {
      const begun = await units.life.begin(attempt)
      if (begun.status === 'none') nothing.resolve()
      return begun
    },
  }
  const worker = units.aWorker({ life })
  const { acquireSlot } = worker.deps
  const turns = [0, 1, 2].map(() => Promise.withResolvers<void>())
  let asked = 0
  worker.deps.acquireSlot = async (...args) => {
    await turns[asked++]?.promise
    return acquireSlot(...args)
  }
  const ran = worker.run({ ...unit, bundle: 3 })
  turns[0]?.resolve()
  await until(async () => (await counts(plan))?.running === 1)
  turns[1]?.resolve()
  await until(async () => (await counts(plan))?.succeeded === 1)
  turns[2]?.resolve()
  await nothing.promise
  open()
  expect(await ran).toBe('over')
})
