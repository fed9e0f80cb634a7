import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { PermanentError, ServiceError, TransientError } from '../../../src/core/contract/errors.ts'
import { NO_USAGE, type Usage } from '../../../src/core/contract/usage.ts'
import type { ExecutionOutcome } from '../../../src/core/ports/executor.ts'
import type { OpenedWorkspace } from '../../../src/core/ports/workspaces.ts'
import { AttemptAborted } from '../../../src/core/run/running-tasks.ts'
import { planKey } from '../../../src/store/keys.ts'
import { startRedisServer } from '../../support/redis-server.ts'
import { openUnits, succeeds, until, untilAborted } from '../../support/units.ts'

let units: Awaited<ReturnType<typeof openUnits>>

beforeAll(async () => {
  units = await openUnits(inject('redisUrl'))
})

beforeEach(() => {
  units.faults.length = 0
})

afterAll(() => units.close())

const outcomesOf = async (plan: Awaited<ReturnType<typeof units.aPlan>>, taskId: string) =>
  (await plan.attempts(taskId)).map(({ outcome }) => outcome)

async function commandsProcessed(of: typeof units): Promise<number> {
  const stats = await of.redis.info('stats')
  return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1])
}

describe('each attempt ends on its own', () => {
  test('a task that times out is tried again, each time for its full time', async () => {
    const plan = await units.aPlan([
      { id: 'slow', timeoutMs: 150, attempts: 3, does: untilAborted },
    ])
    expect(await units.aWorker().run(plan.units[0])).toBe('over')
    expect(await plan.state('slow')).toMatchObject({
      status: 'failed',
      spent: 3,
      error: { code: 'timeout' },
    })
    const attempts = await plan.attempts('slow')
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['timed-out', 'timed-out', 'timed-out'])
    for (const { startedAt, finishedAt = 0 } of attempts) {
      expect(finishedAt - startedAt).toBeGreaterThanOrEqual(145)
    }
    expect((attempts[1]?.startedAt ?? 0) - (attempts[0]?.finishedAt ?? 0)).toBeGreaterThan(200)
  })

  test('a call that hangs once and then answers is a success on the second attempt', async () => {
    const plan = await units.aPlan([
      {
        id: 'a',
        timeoutMs: 100,
        does: (attempt, context) =>
          attempt === 1 ? untilAborted(attempt, context) : Promise.resolve(succeeds()),
      },
    ])
    await units.aWorker().run(plan.units[0])
    expect(await outcomesOf(plan, 'a')).toEqual(['timed-out', 'succeeded'])
    expect(await plan.state('a')).toMatchObject({ status: 'succeeded', spent: 1 })
  })

  test('a task that waits for its next attempt costs no commands', async () => {
    const server = await startRedisServer()
    const alone = await openUnits(server.url)
    const plan = await alone.aPlan([
      {
        id: 'a',
        timeoutMs: 2_000,
        attempts: 2,
        does: async (attempt) => {
          if (attempt === 2) return succeeds()
          throw new TransientError('not yet', { retryAfterMs: 1_500 })
        },
      },
    ])
    const before = await commandsProcessed(alone)
    await alone.aWorker().run(plan.units[0])
    expect(await outcomesOf(plan, 'a')).toEqual(['failed', 'succeeded'])
    // Two beginnings and two ends.
    expect((await commandsProcessed(alone)) - before).toBeLessThan(300)
    await alone.close()
    await server.stop()
  })

  test('a worker that shuts down hands back a task that only waits', async () => {
    const plan = await units.aPlan([
      {
        id: 'a',
        does: async () => {
          throw new TransientError('not yet', { retryAfterMs: 60_000 })
        },
      },
    ])
    const worker = units.aWorker()
    const run = worker.run(plan.units[0])
    await until(async () => (await plan.attempts('a'))[0]?.outcome === 'failed')
    worker.stopping.abort()
    expect(await run).toBe('give-back')
    expect(await plan.state('a')).toMatchObject({ status: 'queued', attempt: 1, spent: 1 })
  })

  test('a worker that shuts down hands back a task that waits for a slot', async () => {
    const plan = await units.aPlan([{ id: 'a', does: untilAborted }])
    const worker = units.aWorker({ slots: 1 })
    await worker.slots.acquire('io', worker.stopping.signal)
    const run = worker.run(plan.units[0])
    worker.stopping.abort()
    expect(await run).toBe('give-back')
    expect(await plan.state('a')).toMatchObject({ status: 'queued', attempt: 0 })
  })

  test('a task that is cancelled while it waits for its next attempt ends at once', async () => {
    const plan = await units.aPlan([
      {
        id: 'a',
        does: async () => {
          throw new TransientError('not yet', { retryAfterMs: 60_000 })
        },
      },
    ])
    const worker = units.aWorker()
    const run = worker.run(plan.units[0])
    await until(async () => (await plan.attempts('a'))[0]?.outcome === 'failed')
    await units.life.cancel(plan.id, { tasks: ['a'] })
    worker.running.abort(plan.id, 'a', new AttemptAborted('cancelled', 'The task was cancelled.'))
    expect(await run).toBe('over')
    expect(await plan.state('a')).toMatchObject({ status: 'cancelled', attempt: 1 })
  })
})

describe('a workspace that is being opened', () => {
  /** Opens only when it is aborted, and then fails as a broken-off clone does. */
  const opening = (fail: () => Error) => ({
    open: (_plan: unknown, _task: unknown, signal: AbortSignal) =>
      new Promise<OpenedWorkspace>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(fail()), { once: true })
      }),
  })
  const broken = [
    () => new Error('git was killed'),
    () => new PermanentError('workspace-not-found', 'There is no such repository.'),
    () => new TransientError('The repository does not answer.'),
  ]

  test.each(broken)(
    'is left to another worker at a shutdown, and nothing is spent (%#)',
    async (fail) => {
      const plan = await units.aPlan([{ id: 'a', attempts: 1 }], { workspace: true })
      const worker = units.aWorker({ workspaces: opening(fail) })
      const run = worker.run(plan.units[0])
      await until(async () => (await plan.state('a')).status === 'running')
      worker.stopping.abort()
      worker.running.abortAll(new AttemptAborted('shutdown', 'The worker is shutting down.'))
      expect(await run).toBe('give-back')
      expect(await plan.state('a')).toMatchObject({ status: 'queued', spent: 0, error: undefined })
      expect(await outcomesOf(plan, 'a')).toEqual(['interrupted'])
    },
  )

  test.each(broken)('is given up when its task is cancelled (%#)', async (fail) => {
    const plan = await units.aPlan([{ id: 'a', attempts: 1 }], { workspace: true })
    const worker = units.aWorker({ workspaces: opening(fail) })
    const run = worker.run(plan.units[0])
    await until(async () => (await plan.state('a')).status === 'running')
    await units.life.cancel(plan.id, { tasks: ['a'] })
    worker.running.abort(plan.id, 'a', new AttemptAborted('cancelled', 'The task was cancelled.'))
    expect(await run).toBe('over')
    expect(await plan.state('a')).toMatchObject({ status: 'cancelled', spent: 0 })
  })

  test.each(broken)(
    'counts into the time of the attempt, which is tried again (%#)',
    async (fail) => {
      const plan = await units.aPlan([{ id: 'a', attempts: 2, timeoutMs: 100 }], {
        workspace: true,
      })
      await units.aWorker({ workspaces: opening(fail) }).run(plan.units[0])
      expect(await outcomesOf(plan, 'a')).toEqual(['timed-out', 'timed-out'])
      expect(await plan.state('a')).toMatchObject({ status: 'failed', error: { code: 'timeout' } })
    },
  )

  test('leaves a task alone whose lease was lost', async () => {
    const plan = await units.aPlan([{ id: 'a', attempts: 1 }], { workspace: true })
    const worker = units.aWorker({ workspaces: opening(() => new Error('git was killed')) })
    const run = worker.run(plan.units[0])
    await until(async () => (await plan.state('a')).status === 'running')
    worker.lost.abort()
    await run
    expect(await plan.state('a')).toMatchObject({ status: 'queued', spent: 0 })
  })

  test('that opens only after its attempt was given up is closed', async () => {
    const { promise: late, resolve: open } = Promise.withResolvers<OpenedWorkspace>()
    const plan = await units.aPlan([{ id: 'a', attempts: 1 }], { workspace: true })
    const worker = units.aWorker({ workspaces: { open: () => late } })
    const run = worker.run(plan.units[0])
    await until(async () => (await plan.state('a')).status === 'running')
    await units.life.cancel(plan.id, { tasks: ['a'] })
    worker.running.abort(plan.id, 'a', new AttemptAborted('cancelled', 'The task was cancelled.'))
    await run
    expect(await plan.state('a')).toMatchObject({ status: 'cancelled' })
    let closed = false
    open({
      workspace: { root: '/nowhere', writable: false },
      contents: NO_FILES,
      base: undefined,
      collectEdits: async () => ({ edits: undefined, problem: undefined }),
      restore: async () => false,
      async close() {
        closed = true
      },
    })
    await until(() => closed)
  })

  test('that fails to close takes no result with it', async () => {
    const plan = await units.aPlan([{ id: 'a', attempts: 1 }], { workspace: true })
    const opened: OpenedWorkspace = {
      workspace: { root: '/nowhere', writable: false },
      contents: NO_FILES,
      base: undefined,
      collectEdits: async () => ({ edits: undefined, problem: undefined }),
      restore: async () => false,
      close: () => Promise.reject(new Error('EBUSY')),
    }
    await units.aWorker({ workspaces: { open: async () => opened } }).run(plan.units[0])
    expect(await plan.state('a')).toMatchObject({ status: 'succeeded' })
    expect(units.faults).toEqual([new Error('EBUSY')])
  })
})

const NO_FILES = { blobs: async () => [], hashOf: async () => '' }

test('a task whose beginning fails takes none of its unit with it', async () => {
  const plan = await units.aPlan(['a', 'b', 'c'].map((id) => ({ id })))
  expect(plan.units).toHaveLength(1)
  let calls = 0
  const life: typeof units.life = {
    ...units.life,
    begin: async (task) => {
      calls += 1
      if (calls === 1) throw new Error('a fault')
      return units.life.begin(task)
    },
  }
  await expect(units.aWorker({ life }).run(plan.units[0])).rejects.toThrow('a fault')
  expect(await plan.states()).toMatchObject({
    a: { status: 'succeeded' },
    b: { status: 'succeeded' },
    c: { status: 'succeeded' },
  })
})

describe('a result that is odd is stored as far as it can be', () => {
  const half = '\ud83d'
  const usage = (odd: Partial<Usage>): Usage => ({ ...NO_USAGE, steps: 1, ...odd })

  test.each<[string, () => Promise<ExecutionOutcome>, object]>([
    [
      'half a character in a text, a key and a value',
      async () => ({
        status: 'succeeded',
        output: { text: `so ${half}`, data: { [half]: [half] } },
        usage: NO_USAGE,
      }),
      { status: 'succeeded' },
    ],
    [
      'half a character in an error',
      async () => {
        throw new PermanentError('provider-error', `it said ${half}`)
      },
      { status: 'failed', error: { code: 'provider-error', message: 'it said \ufffd' } },
    ],
    [
      'a fraction of a token',
      async () => ({ ...succeeds(), usage: usage({ inputTokens: 12.5 }) }),
      { status: 'succeeded', usage: { inputTokens: 13 } },
    ],
    [
      'more tokens than there are',
      async () => ({ ...succeeds(), usage: usage({ inputTokens: 1e30, outputTokens: -1 }) }),
      { status: 'succeeded', usage: { inputTokens: 1e12, outputTokens: 0 } },
    ],
    [
      'counts that are no numbers',
      async () => ({
        ...succeeds(),
        usage: usage({ inputTokens: Number.NaN, steps: '3' as unknown as number }),
      }),
      { status: 'succeeded', usage: { inputTokens: 0, steps: 3 } },
    ],
    [
      'a cost beyond all bounds',
      async () => ({ ...succeeds(), usage: usage({ costUsd: 1e11 }) }),
      { status: 'succeeded', usage: { costUsd: 1e6 } },
    ],
    [
      'a pause that is no number',
      async () => {
        throw new TransientError('later', { retryAfterMs: Number.NaN })
      },
      { status: 'failed', error: { code: 'transient' }, attempt: 2 },
    ],
  ])('%s', async (_, does, expected) => {
    const plan = await units.aPlan([{ id: 'a', attempts: 2, does }])
    await units.aWorker().run(plan.units[0])
    expect(await plan.state('a')).toMatchObject(expected)
    const [output] = await units.tasks.outputs(plan.id, ['a'])
    expect(JSON.stringify(output ?? '')).not.toMatch(/\\ud[89a-f]/)
    expect(units.faults).toEqual([])
  })

  test('what cannot be stored at all fails its task once, and none of its unit', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    const plan = await units.aPlan([
      {
        id: 'a',
        does: async () => ({
          status: 'succeeded',
          output: { text: '', data: circular },
          usage: NO_USAGE,
        }),
      },
      { id: 'b' },
    ])
    expect(await units.aWorker().run(plan.units[0])).toBe('over')
    expect(await plan.states()).toMatchObject({
      a: { status: 'failed', attempt: 1, error: { code: 'result-not-storable' } },
      b: { status: 'succeeded' },
    })
  })
})

describe('a store that takes nothing for now', () => {
  test('is waited for with a finished result, which is stored then', async () => {
    const plan = await units.aPlan([{ id: 'a', attempts: 1 }])
    let refusals = 0
    const life: typeof units.life = {
      ...units.life,
      end: async (end) => {
        refusals += 1
        if (refusals <= 3) throw new ServiceError('unavailable', 'The store is out of memory.')
        return units.life.end(end)
      },
    }
    expect(await units.aWorker({ life }).run(plan.units[0])).toBe('over')
    expect(await plan.state('a')).toMatchObject({ status: 'succeeded', attempt: 1 })
    expect(refusals).toBe(4)
  })

  test('is waited for by a task that is to begin', async () => {
    const plan = await units.aPlan([{ id: 'a', attempts: 1 }])
    let refusals = 0
    const life: typeof units.life = {
      ...units.life,
      begin: async (task) => {
        refusals += 1
        if (refusals === 1) throw new ServiceError('unavailable', 'The store is out of memory.')
        return units.life.begin(task)
      },
    }
    expect(await units.aWorker({ life }).run(plan.units[0])).toBe('over')
    expect(await plan.state('a')).toMatchObject({ status: 'succeeded', attempt: 1 })
  })

  test('is not waited for once the process has no time left', async () => {
    const plan = await units.aPlan([{ id: 'a', attempts: 1 }])
    const worker = units.aWorker({
      life: {
        ...units.life,
        end: async () => {
          worker.ending.abort()
          throw new ServiceError('unavailable', 'The store is out of memory.')
        },
      },
    })
    expect(await worker.run(plan.units[0])).toBe('give-back')
    expect(await plan.state('a')).toMatchObject({ status: 'running' })
  })
})

describe('a task whose worker died', () => {
  /** Begins the first task as a worker does that is killed then. */
  const die = async (plan: Awaited<ReturnType<typeof units.aPlan>>) => {
    const [unit] = plan.units
    const begun = await units.life.begin({
      planId: plan.id,
      taskId: unit?.taskIds[0],
      token: randomUUID(),
      unit: 0,
      round: 0,
      delivery: 1,
    })
    expect(begun.status).toBe('begun')
  }
  const unforgivingWorker = () => units.aWorker({ life: units.lifeOf('w', 0) })

  test('too often fails, and the tasks behind it continue', async () => {
    const plan = await units.aPlan([{ id: 'a' }, { id: 'b' }], { policy: { maxConcurrency: 1 } })
    await die(plan)
    await unforgivingWorker().run(plan.units[0], 2)
    expect(await plan.state('a')).toMatchObject({
      status: 'failed',
      error: { code: 'worker-lost' },
    })
    await units.aWorker().run(plan.units[1])
    expect(await plan.state('b')).toMatchObject({ status: 'succeeded' })
    // It is no longer listed for promotion, because it has been promoted.
    expect(await units.life.released(plan.id)).toEqual([])
    expect(await units.redis.hget(planKey(units.space, plan.id), 'inFlight')).toBe('0')
  })

  test('too often stops its plan, where a failure does', async () => {
    const plan = await units.aPlan([{ id: 'a' }, { id: 'b', executor: 'files' }, { id: 'c' }], {
      policy: { maxConcurrency: 1, onFailure: 'abort' },
    })
    await die(plan)
    await unforgivingWorker().run(plan.units[0], 2)
    expect(await plan.states()).toMatchObject({
      a: { status: 'failed' },
      b: { status: 'skipped', error: { code: 'aborted' } },
      c: { status: 'skipped' },
    })
  })

  test.each<[string, (planId: string) => Promise<unknown>, object]>([
    ['was cancelled', (id) => units.life.cancel(id, { tasks: ['a'] }), { code: 'cancelled' }],
    [
      'ran in a plan that was cancelled',
      (id) => units.life.stop(id, 'cancelled', 'So.'),
      { code: 'cancelled', message: 'So.' },
    ],
    [
      'ran in a plan that was aborted',
      (id) => units.life.stop(id, 'aborted', 'So.'),
      { code: 'aborted' },
    ],
  ])('and that %s is not begun again', async (_, stop, error) => {
    const plan = await units.aPlan([{ id: 'a' }])
    await die(plan)
    await stop(plan.id)
    expect(await units.aWorker().run(plan.units[0], 2)).toBe('over')
    expect(await plan.state('a')).toMatchObject({ status: 'cancelled', attempt: 1, error })
    expect(await outcomesOf(plan, 'a')).toEqual(['lost'])
  })

  test('in a plan whose budget is used up is left out', async () => {
    const plan = await units.aPlan([{ id: 'a' }])
    await die(plan)
    await units.life.stop(plan.id, 'budget-exhausted', 'So.')
    await units.aWorker().run(plan.units[0], 2)
    expect(await plan.state('a')).toMatchObject({
      status: 'skipped',
      error: { code: 'budget-exhausted' },
    })
  })

  test('in a plan that was cancelled is what the plan waits for to finish', async () => {
    const plan = await units.aPlan([{ id: 'a' }])
    await die(plan)
    await units.life.stop(plan.id, 'cancelled', 'So.')
    expect((await units.plans.get(plan.id))?.outcome).toBeUndefined()
    await units.aWorker().run(plan.units[0], 2)
    expect((await units.plans.get(plan.id))?.outcome).toBe('cancelled')
  })
})

describe('a preliminary synthesis', () => {
  /** A worker that notes which syntheses it enqueues. */
  function aNotingWorker() {
    const worker = units.aWorker()
    const asked: string[] = []
    worker.deps.queue = {
      ...units.queue,
      enqueueSynthesis: async ({ jobId }) => void asked.push(jobId),
    }
    return { ...worker, asked }
  }
  const many = (count: number, does = async () => succeeds()) =>
    Array.from({ length: count }, (_, index) => ({ id: `t${index}`, does }))

  test('is enqueued each time the given number of tasks has ended, whichever workers run them', async () => {
    const plan = await units.aPlan(many(9), { every: 2, policy: { maxConcurrency: 1 } })
    const workers = [aNotingWorker(), aNotingWorker()]
    for (const [index, unit] of plan.units.entries()) await workers[index % 2]?.run(unit)
    const asked = workers.flatMap((worker) => worker.asked).toSorted()
    expect(asked).toEqual([1, 2, 3, 4].map((step) => `${plan.id}-p${step}`))
  })

  test('is enqueued at most once for ends that come together', async () => {
    const plan = await units.aPlan(many(40), { every: 1 })
    const worker = aNotingWorker()
    await Promise.all(plan.units.slice(1).map((unit) => worker.run(unit)))
    expect(new Set(worker.asked).size).toBe(worker.asked.length)
    expect(worker.asked.length).toBeGreaterThan(0)
    await worker.run(plan.units[0])
    expect(new Set(worker.asked).size).toBe(worker.asked.length)
  })

  test('is not passed over because a cancel was the end that made it due', async () => {
    const plan = await units.aPlan(many(4), { every: 2, policy: { maxConcurrency: 1 } })
    const worker = aNotingWorker()
    await worker.run(plan.units[0])
    await units.life.cancel(plan.id, { tasks: ['t1'] })
    expect(worker.asked).toEqual([])
    await worker.run(plan.units[2])
    expect(worker.asked).toEqual([`${plan.id}-p1`])
  })
})
