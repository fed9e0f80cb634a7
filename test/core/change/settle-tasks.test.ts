import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { changePlans } from '../../../src/core/change/change-plans.ts'
import { sweep } from '../../../src/core/change/sweep.ts'
import { finalSynthesisJobId } from '../../../src/core/ports/queue.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { planKey, shardKey, shardOf } from '../../../src/store/keys.ts'
import { loadScripts, type RunScript } from '../../../src/store/scripts.ts'
import { echoPlan, openUseCases, type UseCases } from '../../support/use-cases.ts'

const TENANT = 'default'
/** More than one script ends. */
const MANY = 700

let service: UseCases

beforeEach(async () => {
  service = await openUseCases(inject('redisUrl'))
})

afterEach(() => service.close())

async function submit(tasks: Record<string, string[]>, rest: object = {}): Promise<string> {
  const body = echoPlan(tasks, rest)
  const submission = { tenant: TENANT, body, idempotencyKey: undefined }
  return (await submitPlan(service.submitting, submission)).record.spec.id
}

function tasks(dependsOn: (index: number) => string[]): Record<string, string[]> {
  return Object.fromEntries(Array.from({ length: MANY }, (_, at) => [`t${at}`, dependsOn(at)]))
}

/** Calls a script once, as a process does that dies before it calls it again. */
function once(planId: string, ...[name, ...args]: [Parameters<RunScript>[0], ...string[]]) {
  const { space } = service.stores
  const shard = shardKey(space, shardOf(planId))
  return loadScripts(service.redis)(name, planKey(space, planId), shard, ...args)
}

async function begin(planId: string, taskId: string, unit: number) {
  const job = { planId, taskId, token: `${taskId}-${unit}`, unit, round: 0, delivery: 1 }
  return service.stores.life.begin(job)
}

/** Nobody has had a turn at the upkeep. */
function nextTurn(): Promise<unknown> {
  return service.redis.del(`${shardKey(service.stores.space, 0)}:upkeep`)
}

async function counts(planId: string) {
  const record = await service.stores.plans.get(planId)
  const { queued = 0, cancelled = 0, skipped = 0, failed = 0 } = record?.counts ?? {}
  return { queued, cancelled, skipped, failed, outcome: record?.outcome }
}

async function finishedEvents(planId: string): Promise<number> {
  const { space } = service.stores
  const events = await service.redis.xrange(`${planKey(space, planId)}:events`, '-', '+')
  return events.filter(([, fields]) => fields[1] === 'task.finished').length
}

test('a process that dies while it stops a large plan leaves nothing that begins, and the rest to the sweeper', async () => {
  const planId = await submit(tasks(() => []))
  await once(planId, 'stop-plan', 'cancelled', 'Enough.')
  const between = await counts(planId)
  expect(between.queued).toBeGreaterThan(0)
  expect(between).toMatchObject({ cancelled: MANY - between.queued, outcome: undefined })
  expect(await finishedEvents(planId)).toBe(between.cancelled)

  const last = `t${MANY - 1}`
  expect(await begin(planId, last, 0)).toMatchObject({ status: 'ended' })
  expect((await counts(planId)).queued).toBeLessThan(between.queued)

  await sweep(service.sweeping, 60_000)
  expect(await counts(planId)).toEqual({
    queued: 0,
    cancelled: MANY,
    skipped: 0,
    failed: 0,
    outcome: 'cancelled',
  })
  expect(await finishedEvents(planId)).toBe(MANY)
  const left = (await service.keys()).filter((key) => /:(follow|cancelling)$/.test(key))
  expect(left).toEqual([])
})

test('a plan that is retried while it is being stopped is stopped first, and runs as a whole', async () => {
  const planId = await submit(tasks(() => []))
  await once(planId, 'stop-plan', 'cancelled', 'Enough.')
  await changePlans(service.changing).retry(TENANT, planId, {})
  expect(await counts(planId)).toMatchObject({ queued: MANY, outcome: undefined })
  expect(await begin(planId, `t${MANY - 1}`, 0)).toMatchObject({ status: 'ended' })
})

test('those that are to be cancelled, and are not yet, do not begin', async () => {
  const planId = await submit(tasks(() => []))
  await once(planId, 'cancel-tasks', ',queued,')
  const between = await counts(planId)
  expect(between.queued).toBeGreaterThan(0)
  expect(await begin(planId, `t${MANY - 1}`, 0)).toMatchObject({ status: 'ended' })
  await sweep(service.sweeping, 60_000)
  expect(await counts(planId)).toMatchObject({ queued: 0, cancelled: MANY })
  expect(await finishedEvents(planId)).toBe(MANY)
})

test.each([
  ['of one head', (at: number) => (at === 0 ? [] : ['t0'])],
  ['one behind the other', (at: number) => (at === 0 ? [] : [`t${at - 1}`])],
])(
  'dependents %s are skipped with it, however many they are',
  async (_, dependsOn) => {
    const planId = await submit(tasks(dependsOn))
    const begun = await begin(planId, 't0', 0)
    if (begun.status !== 'begun') throw new Error(`it is ${begun.status}`)
    const end = { status: 'failed', outcome: 'failed', spends: true }
    const attempt = ['t0', String(begun.attempt), 't0-0', JSON.stringify(end), '', '', '0', '']
    await once(planId, 'end-task', ...attempt)
    const between = await counts(planId)
    expect(between.queued).toBeGreaterThan(0)
    expect(between).toMatchObject({ failed: 1, skipped: MANY - 1 - between.queued })
    await sweep(service.sweeping, 60_000)
    expect(await counts(planId)).toMatchObject({ queued: 0, failed: 1, skipped: MANY - 1 })
    expect(await finishedEvents(planId)).toBe(MANY)
  },
  120_000,
)

test('dependents of one head are released with it, however many they are', async () => {
  const planId = await submit(tasks((at) => (at === 0 ? [] : ['t0'])))
  const begun = await begin(planId, 't0', 0)
  if (begun.status !== 'begun') throw new Error(`it is ${begun.status}`)
  const { released } = await service.stores.life.end({
    planId,
    taskId: 't0',
    token: 't0-0',
    attempt: begun.attempt,
    status: 'succeeded',
    outcome: 'succeeded',
    spends: false,
    output: { text: 'done' },
  })
  expect(new Set(released).size).toBe(MANY - 1)
})

test.each([
  ['a plan with an order', { mode: 'sequential' }],
  ['a plan without one', {}],
])(
  'what is left to do for %s that was cancelled is done by the next sweep, whatever became of the one who cancelled it',
  async (_, rest) => {
    const planId = await submit({ a: [], b: [], c: [] }, rest)
    const isSwept = async () => {
      const shard = shardKey(service.stores.space, shardOf(planId))
      return (await service.redis.zscore(`${shard}:active`, planId)) !== null
    }
    await once(planId, 'stop-plan', 'cancelled', 'Enough.')
    expect(await counts(planId)).toMatchObject({ cancelled: 3, outcome: 'cancelled' })
    expect(await isSwept()).toBe(true)
    expect((await service.stores.totals()).plans).toEqual({
      queued: 0,
      running: 0,
      synthesizing: 0,
    })
    await sweep(service.sweeping, 60_000)
    expect(await service.stores.life.released(planId)).toEqual([])
    expect((await service.queue.heldUnits(0)).map((held) => held.planId)).not.toContain(planId)
    const jobId = finalSynthesisJobId(planId, 0)
    await service.stores.syntheses.begin(planId, jobId, 'final')
    const end = {
      kind: 'final',
      outcome: 'cancelled',
      synthesis: undefined,
      usage: undefined,
    } as const
    await service.stores.syntheses.finish(planId, jobId, end)
    await nextTurn()
    await sweep(service.sweeping, 60_000)
    expect(await isSwept()).toBe(false)
  },
)
