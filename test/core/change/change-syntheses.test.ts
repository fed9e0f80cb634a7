import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { changePlans } from '../../../src/core/change/change-plans.ts'
import { changeSyntheses } from '../../../src/core/change/change-syntheses.ts'
import { changeTasks } from '../../../src/core/change/change-tasks.ts'
import { ServiceError } from '../../../src/core/contract/errors.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { echoPlan, openUseCases, type UseCases } from '../../support/use-cases.ts'

const TENANT = 'default'
let service: UseCases
let planId: string

beforeEach(async () => {
  service = await openUseCases(inject('redisUrl'))
  const submission = { tenant: TENANT, body: echoPlan({ a: [] }), idempotencyKey: undefined }
  planId = (await submitPlan(service.submitting, submission)).record.spec.id
})

afterEach(() => service.close())

const MERGE = { executor: 'merge' } as const
const request = (spec: object, key?: string) =>
  changeSyntheses(service.changing).request(TENANT, planId, spec, key)
const away = () => Promise.reject(new ServiceError('unavailable', 'The store is away.'))

test('a synthesis that is asked for again with the same key is the same version, in one job', async () => {
  const before = await service.jobs()
  expect(await request(MERGE, 'once')).toEqual({ version: 1, created: true })
  expect(await request(MERGE, 'once')).toEqual({ version: 1, created: false })
  expect(await service.jobs()).toBe(before + 1)
  expect(await request(MERGE, 'twice')).toEqual({ version: 2, created: true })
  expect(await request(MERGE)).toEqual({ version: 3, created: true })
  expect(await request(MERGE)).toEqual({ version: 4, created: true })
})

test('a key that came with another request before is refused, and nothing is enqueued', async () => {
  await request(MERGE, 'once')
  const before = await service.jobs()
  const other = request({ ...MERGE, instructions: 'Be brief.' }, 'once')
  await expect(other).rejects.toMatchObject({ code: 'idempotency-key-reused' })
  expect(await service.jobs()).toBe(before)
})

test('of requests with one key and different bodies at the same moment one is written', async () => {
  const before = await service.jobs()
  const answers = await Promise.allSettled([
    request(MERGE, 'once'),
    request({ ...MERGE, instructions: 'Be brief.' }, 'once'),
    request(MERGE, 'once'),
  ])
  const versions = answers.flatMap((each) =>
    each.status === 'fulfilled' ? each.value.version : [],
  )
  expect(new Set(versions)).toEqual(new Set([1]))
  expect(await service.jobs()).toBe(before + 1)
})

test('a request that fails half way is completed by its repetition', async () => {
  const queue = { ...service.queue, enqueueSynthesis: away }
  const failing = changeSyntheses({ ...service.changing, queue })
  const first = failing.request(TENANT, planId, MERGE, 'once')
  await expect(first).rejects.toMatchObject({ code: 'unavailable' })
  const before = await service.jobs()
  expect(await request(MERGE, 'once')).toEqual({ version: 1, created: true })
  expect(await service.jobs()).toBe(before + 1)
})

test('a key says nothing about another plan, and is deleted with its plan', async () => {
  await request(MERGE, 'once')
  const body = echoPlan({ a: [] })
  const submission = { tenant: TENANT, body, idempotencyKey: undefined }
  const other = (await submitPlan(service.submitting, submission)).record.spec.id
  const { request: ask } = changeSyntheses(service.changing)
  const brief = { ...MERGE, instructions: 'Be brief.' }
  expect(await ask(TENANT, other, brief, 'once')).toEqual({ version: 1, created: true })
  await changePlans(service.changing).delete(TENANT, planId)
  await expect(request(MERGE, 'once')).rejects.toMatchObject({ code: 'plan-not-found' })
  expect(await service.stores.syntheses.claim(planId, 'job', 'hash')).toEqual({ status: 'gone' })
  expect((await service.keys()).filter((key) => key.includes(`:plan:${planId}`))).toEqual([])
})

test('a store that is away before anything is begun says so, and one that is lost later does not', async () => {
  const plans = { ...service.changing.plans, get: away }
  const unread = { ...service.changing, plans }
  for (const call of [
    changeSyntheses(unread).request(TENANT, planId, MERGE),
    changeTasks(unread).retry(TENANT, planId, 'a'),
    changePlans(unread).cancel(TENANT, planId),
  ]) {
    await expect(call).rejects.toMatchObject({ code: 'unavailable', extensions: { begun: false } })
  }
  const syntheses = { ...service.changing.syntheses, request: away }
  const lost = changeSyntheses({ ...service.changing, syntheses }).request(TENANT, planId, MERGE)
  await expect(lost).rejects.toMatchObject({ code: 'unavailable', extensions: {} })
})
