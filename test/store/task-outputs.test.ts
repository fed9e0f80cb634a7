import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { changeTasks } from '../../src/core/change/change-tasks.ts'
import type { Pieces } from '../../src/core/contract/api.ts'
import type { TaskOutput } from '../../src/core/ports/executor.ts'
import { submitPlan } from '../../src/core/submit/submit-plan.ts'
import { pagesOf, withStagedPages } from '../../src/store/paged-value.ts'
import { loadScripts } from '../../src/store/scripts.ts'
import { echoPlan, openUseCases, type UseCases } from '../support/use-cases.ts'

const TENANT = 'default'
const PAGE_BYTES = 512 * 1024

let service: UseCases

beforeAll(async () => {
  service = await openUseCases(inject('redisUrl'))
})
afterAll(() => service.close())

async function aPlan(...ids: string[]): Promise<string> {
  const body = echoPlan(Object.fromEntries(ids.map((id) => [id, []])))
  const submission = { tenant: TENANT, body, idempotencyKey: undefined }
  return (await submitPlan(service.submitting, submission)).record.spec.id
}

async function begin(planId: string, taskId: string, unit: number) {
  const token = `${taskId}-${unit}`
  const attempt = { planId, taskId, token, unit, round: 0, delivery: 1 }
  const begun = await service.stores.life.begin(attempt)
  if (begun.status !== 'begun') throw new Error(begun.status)
  return (text: string) =>
    service.stores.life.end({
      ...{ planId, taskId, token, attempt: begun.attempt, spends: true },
      ...{ status: 'succeeded', outcome: 'succeeded', output: { text } },
    })
}

async function run(planId: string, taskId: string, unit: number, text: string): Promise<void> {
  const end = await begin(planId, taskId, unit)
  expect(await end(text)).toMatchObject({ status: 'recorded' })
}

const storedOutput = (planId: string, taskId: string) =>
  service.stores.tasks.storedOutput(planId, taskId)
const pageKeys = async (planId: string) =>
  (await service.keys()).filter((key) => key.includes(`${planId}:outputs:`))

async function read(pieces: Pieces | undefined): Promise<Buffer[]> {
  const read: Buffer[] = []
  for await (const piece of pieces ?? []) read.push(Buffer.from(piece))
  return read
}

test('an output of any length is stored and read in pages, and is what was given', async () => {
  const around = JSON.stringify({ text: '' }).length
  const lengths = [1, PAGE_BYTES - 1, PAGE_BYTES, 2 * PAGE_BYTES, 2.5 * PAGE_BYTES]
  const ids = lengths.map((_, at) => `t${at}`)
  const planId = await aPlan(...ids)
  // Characters of several bytes lie across the ends of pages.
  const texts = lengths.map((length) => {
    const rest = Math.max(0, length - around)
    return `${'🌙'.repeat(rest / 4)}${'x'.repeat(rest % 4)}`
  })
  await Promise.all(ids.map((id, at) => run(planId, id, at, texts[at] ?? '')))
  const whole = await service.stores.tasks.outputs(planId, ids)
  const sizes = await service.stores.tasks.outputSizes(planId, ids)
  for (const [at, id] of ids.entries()) {
    const pieces = await read(await storedOutput(planId, id))
    const { text } = JSON.parse(Buffer.concat(pieces).toString()) as TaskOutput
    expect(text === texts[at] && whole[at]?.text === text).toBe(true)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(PAGE_BYTES)
    expect(sizes[at]).toBeGreaterThanOrEqual(Buffer.byteLength(text))
  }
  await service.stores.plans.delete(planId, TENANT)
  expect(await pageKeys(planId)).toEqual([])
})

test('pages go with their output in a retry, and whoever is reading them is cut off', async () => {
  const planId = await aPlan('a', 'b')
  await run(planId, 'a', 0, 'x'.repeat(3 * PAGE_BYTES))
  const reading = (await storedOutput(planId, 'a'))?.[Symbol.asyncIterator]()
  await reading?.next()
  const unit = await service.stores.life.nextUnit(planId)
  await changeTasks(service.changing).retry(TENANT, planId, 'a')
  expect(await pageKeys(planId)).toEqual([])
  await run(planId, 'a', unit, 'y'.repeat(3 * PAGE_BYTES))
  await expect(reading?.next()).rejects.toMatchObject({ code: 'task-not-found' })
  const [output] = await service.stores.tasks.outputs(planId, ['a'])
  expect(output?.text === 'y'.repeat(3 * PAGE_BYTES)).toBe(true)
})

test('pages of an attempt that may not end are removed; those of a dead worker expire', async () => {
  const planId = await aPlan('a', 'b')
  const end = await begin(planId, 'a', 0)
  await changeTasks(service.changing).cancel(TENANT, planId, 'a')
  await end('x'.repeat(2 * PAGE_BYTES))
  // A call that is repeated, because its answer was lost.
  await end('x'.repeat(2 * PAGE_BYTES))
  const [kept] = await pageKeys(planId)
  expect(await pageKeys(planId)).toEqual([kept])
  expect(await service.redis.ttl(kept ?? '')).toBe(-1)
  const late = await begin(planId, 'b', 1)
  await service.stores.plans.delete(planId, TENANT)
  expect(await late('x'.repeat(2 * PAGE_BYTES))).toMatchObject({ status: 'gone' })
  expect(await pageKeys(planId)).toEqual([])
})

test('pages that were lost with a master are written again', async () => {
  const planId = await aPlan('a')
  const planKey = (await service.keys()).find((key) => key.endsWith(`:plan:${planId}`)) ?? ''
  const [shard = ''] = planKey.split(':plan:')
  const runScript = loadScripts(service.redis)
  const [first = Buffer.alloc(0), ...others] = pagesOf('x'.repeat(2 * PAGE_BYTES))
  let tries = 0
  const keyOf = (id: string) => `${planKey}:staged:${id}`
  await withStagedPages(service.redis, keyOf, others, async ({ key, count }) => {
    tries += 1
    if (tries === 1) await service.redis.hdel(key, '2')
    const version = [1, first, 'succeeded', 'merge', 'succeeded', '', 'again', '', 0]
    return runScript('finish-synthesis', planKey, shard, 'job', ...version, key, count)
  })
  expect(tries).toBe(2)
  const pieces = await read(await service.stores.syntheses.get(planId, 1))
  expect(Buffer.concat(pieces).toString() === 'x'.repeat(2 * PAGE_BYTES)).toBe(true)
})
