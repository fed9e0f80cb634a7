import { pino } from 'pino'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { changeTasks } from '../../../src/core/change/change-tasks.ts'
import { sweep } from '../../../src/core/change/sweep.ts'
import { finalSynthesisJobId } from '../../../src/core/ports/queue.ts'
import type { Workspaces } from '../../../src/core/ports/workspaces.ts'
import { planCache } from '../../../src/core/run/plan-cache.ts'
import type { UnitJob } from '../../../src/core/run/run-deps.ts'
import { runningTasks } from '../../../src/core/run/running-tasks.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { runAndSynthesize } from '../../../src/core/synthesize/run-and-synthesize.ts'
import {
  type SynthesizeDeps,
  synthesizePlan,
} from '../../../src/core/synthesize/synthesize-plan.ts'
import { openReading, type Reading } from '../../../src/main/open/open-reading.ts'
import { echoPlan, openUseCases, type UseCases } from '../../support/use-cases.ts'

const TENANT = 'default'
const signal = new AbortController().signal
let service: UseCases
let reading: Reading

beforeEach(async () => {
  service = await openUseCases(inject('redisUrl'))
  reading = openReading(pino({ level: 'silent' }))
})

afterEach(async () => {
  await reading.close()
  await service.close()
})

function deps(more: Partial<SynthesizeDeps> = {}): SynthesizeDeps {
  return {
    ...service.stores,
    queue: service.queue,
    workspaces: {} as Workspaces,
    allowanceOf: () => undefined,
    merging: reading.merging,
    writing: runningTasks(),
    model: undefined,
    resolver: undefined,
    verifier: undefined,
    now: async () => Date.now(),
    pause: async () => {},
    onFault: (error) => service.faults.push(error),
    ...more,
  }
}

async function submit(rest: object = {}): Promise<string> {
  const body = echoPlan({ a: [], b: [] }, rest)
  const submission = { tenant: TENANT, body, idempotencyKey: undefined }
  return (await submitPlan(service.submitting, submission)).record.spec.id
}

/** Begins a task; the answer ends it. */
async function begin(planId: string, taskId: string, unit = 0) {
  const { life } = service.stores
  const token = `${taskId}-${unit}`
  const begun = await life.begin({ planId, taskId, token, unit, round: 0, delivery: 1 })
  if (begun.status !== 'begun') throw new Error(`${taskId} is ${begun.status}`)
  const { attempt } = begun
  return (status: 'succeeded' | 'failed' = 'succeeded') =>
    life.end({ planId, taskId, token, attempt, status, outcome: status, spends: false })
}

/** A worker that has run the one unit of the first batch. */
function worker(writing: Partial<SynthesizeDeps> = {}, hasModel = false) {
  return (planId: string, ran: 'done' | 'over' = 'over') => {
    const run = runAndSynthesize({
      plans: planCache(service.stores.plans),
      queue: service.queue,
      hasModel,
      runUnit: async () => ran,
      synthesize: (job) => synthesizePlan(deps(writing), job, signal),
    })
    const job: UnitJob = {
      planId,
      unit: 0,
      lane: 'io',
      taskIds: [],
      bundle: 2,
      width: 'all',
      round: 0,
      planTasks: 2,
      writesSynthesis: true,
    }
    return run(job, signal, 1)
  }
}

const synthesizeRetry = (planId: string) =>
  synthesizePlan(deps(), { planId, jobId: finalSynthesisJobId(planId, 1), kind: 'final' }, signal)

const retry = (planId: string, taskId: string) =>
  changeTasks(service.changing).retry(TENANT, planId, taskId)

async function picture(planId: string) {
  const record = await service.stores.plans.get(planId)
  const events = await service.stores.events.read(planId, '0-0', 1_000)
  return {
    outcome: record?.outcome,
    versions: await service.stores.syntheses.versions(planId),
    syntheses: events.map(({ type }) => type).filter((type) => type.startsWith('synthesis.')),
  }
}

const ONE = { versions: [1], syntheses: ['synthesis.started', 'synthesis.finished'] }

/** A store whose `finish` waits, once it was called, until it is let go. */
function slowFinish() {
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const { syntheses } = service.stores
  const finish: SynthesizeDeps['syntheses']['finish'] = async (...args) => {
    reached.resolve()
    await held.promise
    return syntheses.finish(...args)
  }
  const store = { syntheses: { ...syntheses, finish } }
  return { store, reached: reached.promise, letGo: held.resolve }
}

test('a small plan is one job, and the worker that ends its last task writes the synthesis', async () => {
  const planId = await submit()
  expect(await service.jobs()).toBe(1)
  const ends = [await begin(planId, 'a'), await begin(planId, 'b')]
  expect(await ends[0]?.()).toMatchObject({ isOver: false })
  await worker()(planId, 'done')
  expect((await picture(planId)).versions).toEqual([])
  expect(await ends[1]?.()).toMatchObject({ isOver: true })
  await worker()(planId)
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
})

test('a plan whose synthesis needs a model, or comes in versions, has a job for it', async () => {
  await submit({ synthesis: { every: 1 } })
  expect(await service.jobs()).toBe(2)
  const body = echoPlan({ a: [] })
  const submitting = { ...service.submitting, modelAvailable: true }
  await submitPlan(submitting, { tenant: TENANT, body, idempotencyKey: undefined })
  expect(await service.jobs()).toBe(4)
})

test('a worker with a model, which the process that took the plan had not, leaves it to a job', async () => {
  const planId = await submit()
  for (const id of ['a', 'b']) await (await begin(planId, id))()
  await worker({}, true)(planId)
  expect(await service.jobs()).toBe(2)
  expect((await picture(planId)).versions).toEqual([])
})

test('what a worker began to write when it died, the next one that has the unit writes', async () => {
  const planId = await submit()
  for (const id of ['a', 'b']) await (await begin(planId, id))()
  const dying = slowFinish()
  const lost = worker(dying.store)(planId)
  await dying.reached
  const { life } = service.stores
  const taken = { planId, taskId: undefined, token: 'x', unit: 0, round: 0, delivery: 2 }
  expect(await life.begin(taken)).toMatchObject({ status: 'none', isOver: true })
  await worker()(planId)
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
  dying.letGo()
  await lost
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
})

test('a retry while it is being written takes it over, and what was on its way is refused', async () => {
  const planId = await submit()
  await (await begin(planId, 'a'))('failed')
  await (await begin(planId, 'b'))()
  const slow = slowFinish()
  const late = worker(slow.store)(planId)
  await slow.reached
  await retry(planId, 'a')
  await (await begin(planId, 'a', 1))()
  await synthesizeRetry(planId)
  slow.letGo()
  await late
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
})

test('a retry before the last task has ended leaves the one synthesis to whoever is last', async () => {
  const planId = await submit()
  const end = await begin(planId, 'b')
  await (await begin(planId, 'a'))('failed')
  await retry(planId, 'a')
  const endAgain = await begin(planId, 'a', 1)
  expect(await end()).toMatchObject({ isOver: false })
  await worker()(planId, 'done')
  expect(await endAgain()).toMatchObject({ isOver: true })
  await synthesizeRetry(planId)
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
  // The unit may be delivered again.
  await worker()(planId)
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
})

test('a retry that has ended before the rest of the plan leaves the synthesis to the first batch', async () => {
  const planId = await submit()
  const end = await begin(planId, 'b')
  await (await begin(planId, 'a'))('failed')
  await retry(planId, 'a')
  await (await begin(planId, 'a', 1))()
  await synthesizeRetry(planId)
  expect((await picture(planId)).versions).toEqual([])
  await end()
  await worker()(planId)
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
})

test('a plan whose mark of being enqueued was lost is found in the queue by its unit', async () => {
  const planId = await submit()
  const [key] = (await service.keys()).filter((name) => name.endsWith(`:plan:${planId}`))
  await service.redis.hdel(key ?? '', 'accepted', 'enqueued')
  await service.redis.hset(key ?? '', 'createdAt', 1)
  await sweep(service.sweeping, 1_000)
  expect(await service.redis.hget(key ?? '', 'accepted')).toBe('1')
})

test('a retry while a job of its own writes the synthesis is followed by another version', async () => {
  const body = echoPlan({ a: [], b: [] })
  const submitting = { ...service.submitting, modelAvailable: true }
  const submission = { tenant: TENANT, body, idempotencyKey: undefined }
  const planId = (await submitPlan(submitting, submission)).record.spec.id
  await (await begin(planId, 'a'))('failed')
  await (await begin(planId, 'b'))()
  const slow = slowFinish()
  const job = { planId, jobId: finalSynthesisJobId(planId, 0), kind: 'final' as const }
  const first = synthesizePlan(deps(slow.store), job, signal)
  await slow.reached
  await retry(planId, 'a')
  await (await begin(planId, 'a', 1))()
  const second = slowFinish()
  const last = synthesizePlan(
    deps(second.store),
    { ...job, jobId: finalSynthesisJobId(planId, 1) },
    signal,
  )
  await second.reached
  slow.letGo()
  await first
  expect(await picture(planId)).toMatchObject({ outcome: undefined, versions: [1] })
  second.letGo()
  await last
  expect(await picture(planId)).toMatchObject({ outcome: 'succeeded', versions: [1, 2] })
})

test('the sweep has the synthesis written that no unit writes any more', async () => {
  const planId = await submit()
  await (await begin(planId, 'a'))()
  const end = await begin(planId, 'b')
  await sweep(service.sweeping, 1)
  expect(await service.jobs()).toBe(1)
  await end()
  const swept = async () => {
    await sweep(service.sweeping, 1)
    return service.jobs()
  }
  await expect.poll(swept).toBe(2)
  const job = { planId, jobId: finalSynthesisJobId(planId, 0), kind: 'final' as const }
  await synthesizePlan(deps(), job, signal)
  await worker()(planId)
  expect(await picture(planId)).toEqual({ outcome: 'succeeded', ...ONE })
})

test('a synthesis that a unit may still be writing is left to it', async () => {
  const planId = await submit()
  await (await begin(planId, 'a'))()
  await (await begin(planId, 'b'))()
  const { upkeep } = service.sweeping
  const patience = { submissionMs: 600_000, synthesisMs: 600_000 }
  expect((await upkeep.due(patience)).unwritten).not.toContain(planId)
  expect((await upkeep.due({ ...patience, synthesisMs: 0 })).unwritten).toContain(planId)
})
