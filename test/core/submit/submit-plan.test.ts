import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { deletePlan } from '../../../src/core/change/delete-plan.ts'
import { sweep, sweepHeld } from '../../../src/core/change/sweep.ts'
import { ServiceError } from '../../../src/core/contract/errors.ts'
import { dryRun } from '../../../src/core/submit/dry-run.ts'
import { type SubmitDeps, submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { echoPlan, openUseCases, type UseCases } from '../../support/use-cases.ts'

let service: UseCases

beforeEach(async () => {
  service = await openUseCases(inject('redisUrl'))
})

afterEach(async () => {
  await service.close()
})

const CHAIN = echoPlan({ a: [], b: ['a'], c: ['b'] })
const submission = (idempotencyKey?: string, body: object = CHAIN) => ({
  tenant: 'default',
  body,
  idempotencyKey,
})
const away = () => Promise.reject(new ServiceError('unavailable', 'The store is away.'))

/** Begins and ends a task as a worker does. */
async function run(planId: string, taskId: string, unit: number): Promise<void> {
  const { life, queue } = { ...service.stores, queue: service.queue }
  const token = `${taskId}-${unit}`
  const begun = await life.begin({ planId, taskId, token, unit, round: 0, delivery: 1 })
  if (begun.status !== 'begun') throw new Error(`${taskId} is ${begun.status}`)
  const { released } = await life.end({
    planId,
    taskId,
    token,
    attempt: begun.attempt,
    status: 'succeeded',
    outcome: 'succeeded',
    spends: false,
    output: { text: taskId },
  })
  const lane = 'io' as const
  await queue.release(
    planId,
    released.map((number) => ({ unit: number, lane })),
  )
}

/** The submission is held up at one call until `go` is called. */
function heldUp(deps: SubmitDeps, at: 'enqueueBatch' | 'markEnqueued') {
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  let reached = () => {}
  const isThere = new Promise<void>((resolve) => {
    reached = resolve
  })
  const wait = async () => {
    reached()
    await gate
  }
  const slow: SubmitDeps =
    at === 'enqueueBatch'
      ? {
          ...deps,
          queue: {
            ...deps.queue,
            enqueueBatch: async (...batch) => {
              await wait()
              return deps.queue.enqueueBatch(...batch)
            },
          },
        }
      : {
          ...deps,
          plans: {
            ...deps.plans,
            markEnqueued: async (...mark) => {
              await wait()
              return deps.plans.markEnqueued(...mark)
            },
          },
        }
  return { slow, isThere, go }
}

/** Makes a plan older by changing its creation time in Redis. */
async function age(planId: string, ms: number): Promise<void> {
  const [header] = await service.redis.keys(`*:plan:${planId}`)
  await service.redis.hincrby(header ?? '', 'createdAt', -ms)
}

describe('an Idempotency-Key', () => {
  test('names the same plan as long as it exists', async () => {
    const first = await submitPlan(service.submitting, submission('k'))
    const second = await submitPlan(service.submitting, submission('k'))
    expect(first.created).toBe(true)
    expect(second).toMatchObject({ created: false, record: { spec: { id: first.record.spec.id } } })
    await expect(
      submitPlan(service.submitting, submission('k', echoPlan({ z: [] }))),
    ).rejects.toMatchObject({ code: 'idempotency-key-reused' })
  })

  test('creates a new plan with another id after its plan was deleted, and nothing of the old one stays', async () => {
    const first = await submitPlan(service.submitting, submission('k'))
    await deletePlan(service.sweeping, first.record)
    expect(await service.jobs()).toBe(0)
    expect((await service.keys()).filter((key) => key.includes(first.record.spec.id))).toEqual([])
    const second = await submitPlan(service.submitting, submission('k'))
    expect(second.created).toBe(true)
    expect(second.record.spec.id).not.toBe(first.record.spec.id)
  })

  test('sent many times in parallel makes one plan', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => submitPlan(service.submitting, submission('k'))),
    )
    expect(new Set(answers.map(({ record }) => record.spec.id)).size).toBe(1)
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
    expect(await service.jobs()).toBe(4)
  })
})

describe('a submission that is cut short', () => {
  test('at its enqueueing leaves nothing, and its repetition makes a plan', async () => {
    const broken = { ...service.submitting.queue, enqueueBatch: away }
    await expect(
      submitPlan({ ...service.submitting, queue: broken }, submission('k')),
    ).rejects.toMatchObject({ code: 'unavailable' })
    expect(await service.keys()).not.toContainEqual(expect.stringContaining(':plan:'))
    expect(await submitPlan(service.submitting, submission('k'))).toMatchObject({ created: true })
  })

  test('at its storing leaves no held job', async () => {
    const broken = { ...service.submitting.plans, create: away }
    await expect(
      submitPlan({ ...service.submitting, plans: broken }, submission()),
    ).rejects.toMatchObject({ code: 'unavailable' })
    expect(await service.jobs()).toBe(0)
  })

  test('and cannot undo itself leaves held jobs that the sweeper lets go', async () => {
    const broken = { ...service.submitting.plans, create: away, settleSubmission: away }
    await expect(
      submitPlan({ ...service.submitting, plans: broken }, submission()),
    ).rejects.toMatchObject({ code: 'unavailable' })
    const held = async () => (await service.queue.heldUnits(0)).length
    expect(await held()).toBe(2)
    await sweepHeld(service.sweeping)
    expect(await held()).toBe(0)
  })

  test('at its mark is accepted when its caller repeats it after a task has begun, and its jobs stay as they are', async () => {
    const lost = { ...service.submitting.plans, markEnqueued: away, settleSubmission: away }
    await expect(
      submitPlan({ ...service.submitting, plans: lost }, submission('k')),
    ).rejects.toMatchObject({ code: 'unavailable' })
    const [plan] = await service.queue.heldUnits(0)
    const planId = plan?.planId ?? ''
    await run(planId, 'a', 0)
    const before = await service.jobs()
    const repeated = await submitPlan(service.submitting, submission('k'))
    expect(repeated).toMatchObject({ created: false, record: { spec: { id: planId } } })
    expect(await service.jobs()).toBe(before)
  })

  test('and goes on after its repetition took its place is answered with that one', async () => {
    const { slow, isThere, go } = heldUp(service.submitting, 'enqueueBatch')
    const first = submitPlan(slow, submission('k'))
    await isThere
    const [key = ''] = (await service.keys()).filter((each) => each.includes(':key:'))
    const [planId = ''] = ((await service.redis.get(key)) ?? '').split(' ')
    await age(planId, 10_000)
    const second = await submitPlan(service.submitting, submission('k'))
    expect(second.created).toBe(true)
    expect(second.record.spec.id).not.toBe(planId)
    go()
    expect(await first).toMatchObject({
      created: false,
      record: { spec: { id: second.record.spec.id } },
    })
    await expect.poll(() => service.jobs()).toBe(4)
    expect(await service.stores.plans.get(planId)).toBeUndefined()
  })

  test('for so long that the sweeper removed it is not answered as accepted', async () => {
    const { slow, isThere, go } = heldUp(service.submitting, 'enqueueBatch')
    // A large plan, or one with a key, is stored before it is enqueued.
    const plans = { ...slow.plans, createsInOneStep: () => false }
    const first = submitPlan({ ...slow, plans }, submission())
    await isThere
    const { plans: listed } = await service.stores.plans.list({
      tenant: 'default',
      limit: 10,
      before: undefined,
    })
    const planId = listed[0]?.spec.id ?? ''
    await age(planId, 60_000)
    await sweep(service.sweeping, 1)
    expect(await service.stores.plans.get(planId)).toBeUndefined()
    go()
    const { record, created } = await first
    expect(created).toBe(true)
    expect(record.spec.id).not.toBe(planId)
    expect(await service.stores.plans.get(record.spec.id)).toBeDefined()
    await expect.poll(() => service.jobs()).toBe(4)
  })

  test('between its enqueueing and its mark is sealed by the sweeper, and then accepted', async () => {
    const { slow, isThere, go } = heldUp(service.submitting, 'markEnqueued')
    const first = submitPlan(slow, submission('k'))
    await isThere
    const planId = (await service.queue.heldUnits(0))[0]?.planId ?? ''
    await age(planId, 60_000)
    await sweep(service.sweeping, 1)
    await run(planId, 'a', 0)
    go()
    expect(await first).toMatchObject({ created: true, record: { spec: { id: planId } } })
    expect(await service.jobs()).toBe(4)
  })

  test('does not undo a plan that was accepted meanwhile', async () => {
    const { slow, isThere, go } = heldUp(service.submitting, 'markEnqueued')
    const broken = {
      ...slow.plans,
      markEnqueued: async (...mark: Parameters<typeof slow.plans.markEnqueued>) => {
        await slow.plans.markEnqueued(...mark)
        return away()
      },
    }
    const first = submitPlan({ ...slow, plans: broken }, submission('k'))
    await isThere
    const planId = (await service.queue.heldUnits(0))[0]?.planId ?? ''
    await run(planId, 'a', 0)
    expect(await submitPlan(service.submitting, submission('k'))).toMatchObject({ created: false })
    go()
    expect(await first).toMatchObject({ record: { spec: { id: planId } } })
    expect(await service.stores.plans.get(planId)).toBeDefined()
  })
})

test('writes that arrive after a plan was deleted restore nothing of it', async () => {
  const { record } = await submitPlan(service.submitting, submission())
  const planId = record.spec.id
  await deletePlan(service.sweeping, record)
  const { plans, deliveries, life } = service.stores
  expect(await plans.pinBase(planId, 'abc')).toBe('abc')
  expect(await plans.markEnqueued(planId, 0)).toEqual({ status: 'gone' })
  const isKept = await deliveries.begin(planId, {
    id: 'd',
    type: 'plan.finished',
    status: 'pending',
    attempts: [],
    nextAttemptAt: null,
  })
  expect(isKept).toBe(false)
  await life.stop(planId, 'cancelled', 'Enough.')
  await life.confirmReleased(planId, [1])
  expect((await service.keys()).filter((key) => key.includes(planId))).toEqual([])
})

describe('a plan without files whose tasks need some', () => {
  const body = { tasks: [{ prompt: 'Hello', executor: 'echo' }, { prompt: 'Look.' }] }
  const refusal = {
    code: 'invalid-request',
    errors: [
      {
        pointer: '/workspace',
        detail:
          'the executor `static` needs files: give `workspace`, or name another executor in `/tasks/1/executor`',
      },
    ],
  }

  test('is refused before anything is stored', async () => {
    const submit = { ...service.submitting, defaultExecutor: 'static' }
    await expect(submitPlan(submit, submission(undefined, body))).rejects.toMatchObject(refusal)
  })

  test('is refused in a dry run too', async () => {
    const submit = { ...service.submitting, defaultExecutor: 'static' }
    await expect(dryRun(submit, submission(undefined, body))).rejects.toMatchObject(refusal)
  })

  test('with a goal is refused before a model is paid for planning it', async () => {
    let asked = 0
    const planner = () => {
      asked += 1
      return Promise.reject(new Error('not expected'))
    }
    const submit = { ...service.submitting, defaultExecutor: 'static', planner }
    const submitted = submitPlan(submit, submission(undefined, { goal: 'Log in' }))
    await expect(submitted).rejects.toMatchObject({
      errors: [
        {
          pointer: '/workspace',
          detail: 'the default executor `static` needs files: give `workspace`',
        },
      ],
    })
    expect(asked).toBe(0)
  })
})

test('verifiers need a model: a plan that asks for them without one is refused', async () => {
  const body = { ...CHAIN, policy: { verify: {} } }
  const deps = { ...service.submitting, modelAvailable: false }
  await expect(submitPlan(deps, submission(undefined, body))).rejects.toMatchObject({
    code: 'invalid-request',
    errors: [
      {
        pointer: '/policy/verify',
        detail: 'needs a model to judge the findings, and none is configured: set TUTTI_MODEL',
      },
    ],
  })
})

test('an executor that calls no other models refuses `escalate`', async () => {
  const [task] = echoPlan({ a: [] }).tasks
  const body = { tasks: [{ ...task, escalate: ['local:qwen3:8b'] }] }
  await expect(submitPlan(service.submitting, submission(undefined, body))).rejects.toMatchObject({
    code: 'invalid-request',
    errors: [{ pointer: '/tasks/0/escalate' }],
  })
})

describe('a batch of more jobs than one transaction takes', () => {
  const LAST = 'z'
  const NAMES = Array.from({ length: 1_200 }, (_, at) => `t${at}`)
  /** All others wait for the last one. */
  const FAN = echoPlan({ ...Object.fromEntries(NAMES.map((name) => [name, [LAST]])), [LAST]: [] })

  const counts = async () => {
    const all = service.queue.queues.filter(({ kind }) => kind === 'bulk')
    const found = await Promise.all(
      all.map(({ queue }) => queue.getJobCounts('prioritized', 'delayed')),
    )
    const sum = (state: string) => found.reduce((total, count) => total + (count[state] ?? 0), 0)
    return { free: sum('prioritized'), held: sum('delayed') }
  }

  test('is enqueued as a whole before any task of it can run', async () => {
    const { slow, isThere, go } = heldUp(service.submitting, 'markEnqueued')
    const submitting = submitPlan(slow, submission(undefined, FAN))
    await isThere
    expect(await counts()).toEqual({ free: 0, held: NAMES.length + 1 })
    await sweep(service.sweeping, 1)
    expect((await counts()).free).toBe(0)
    go()
    const { record } = await submitting
    const { id: planId } = record.spec
    await expect.poll(counts).toEqual({ free: 1, held: NAMES.length })
    await expect.poll(() => service.stores.life.released(planId)).toEqual([])
    expect((await service.keys()).filter((key) => key.includes(':staged:'))).toEqual([])
    const begun = await service.stores.life.begin({
      ...{ planId, taskId: LAST, token: 'a', unit: NAMES.length, round: 0, delivery: 1 },
    })
    expect(begun).toMatchObject({ status: 'begun', attempt: 1 })
    const attempt = { planId, taskId: LAST, token: 'a', attempt: 1 }
    const { released } = await service.stores.life.end({
      ...attempt,
      status: 'succeeded',
      outcome: 'succeeded',
      spends: false,
    })
    expect(released).toHaveLength(NAMES.length)
  })

  test('and is cut short in the middle is given up, and its jobs end', async () => {
    const { queue, plans } = service.submitting
    let planId = ''
    const dying: SubmitDeps = {
      ...service.submitting,
      plans: { ...plans, settleSubmission: away },
      queue: {
        ...queue,
        enqueueBatch: async (synthesis, units) => {
          planId = synthesis.planId
          await queue.enqueueBatch(synthesis, units.slice(0, 500))
          throw new Error('the process died')
        },
      },
    }
    await expect(submitPlan(dying, submission(undefined, FAN))).rejects.toThrow('died')
    await age(planId, 60_000)
    await sweep(service.sweeping, 1)
    expect(await plans.get(planId)).toBeUndefined()
    await sweepHeld(service.sweeping)
    expect(await counts()).toEqual({ free: 500, held: 0 })
    const unit = { planId, taskId: 't0', token: 'a', unit: 0, round: 0, delivery: 1 }
    expect(await service.stores.life.begin(unit)).toMatchObject({ status: 'gone' })
  })
})

test('the first schema beyond the two hundred that a plan may have is named', async () => {
  const withSchemas = (count: number) => ({
    tasks: Array.from({ length: count }, (_, at) => ({
      id: `t${at}`,
      prompt: 'Answer.',
      executor: 'echo',
      // Two tasks share the first.
      outputSchema: { const: Math.max(0, at - 1) },
    })),
  })
  await expect(
    submitPlan(service.submitting, submission(undefined, withSchemas(202))),
  ).rejects.toMatchObject({
    code: 'invalid-request',
    errors: [
      { pointer: '/tasks/201/outputSchema', detail: expect.stringContaining('at most 200') },
    ],
  })
})
