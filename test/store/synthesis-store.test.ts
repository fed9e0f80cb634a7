import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Pieces } from '../../src/core/contract/api.ts'
import { submitPlan } from '../../src/core/submit/submit-plan.ts'
import { echoPlan, openUseCases, type UseCases } from '../support/use-cases.ts'

const TENANT = 'default'
const PAGE_BYTES = 512 * 1024

let service: UseCases

beforeAll(async () => {
  service = await openUseCases(inject('redisUrl'))
})
afterAll(() => service.close())

async function aPlan(): Promise<string> {
  const submission = { tenant: TENANT, body: echoPlan({ a: [] }), idempotencyKey: undefined }
  return (await submitPlan(service.submitting, submission)).record.spec.id
}

/** Stores a text as one version, as synthesizing does. */
async function store(planId: string, jobId: string, json: string): Promise<number> {
  const { syntheses } = service.stores
  const begun = await syntheses.begin(planId, jobId, 'again')
  if (begun.status !== 'go') throw new Error(begun.status)
  const { version } = begun
  await syntheses.finish(planId, jobId, {
    kind: 'again',
    synthesis: { version, status: 'succeeded', executor: 'merge', preliminary: true, json },
    outcome: 'succeeded',
    usage: undefined,
  })
  return version
}

async function read(pieces: Pieces | undefined): Promise<Buffer[]> {
  const read: Buffer[] = []
  for await (const piece of pieces ?? []) read.push(Buffer.from(piece))
  return read
}

test('a version is read in pieces, however long it is, and is what was stored', async () => {
  const planId = await aPlan()
  const lengths = [1, PAGE_BYTES - 1, PAGE_BYTES, 2 * PAGE_BYTES, (5 * PAGE_BYTES) / 2]
  for (const [index, length] of lengths.entries()) {
    // Characters of several bytes lie across the ends of pages.
    const json = `"${'🌙'.repeat(length / 4)}${'x'.repeat(length % 4)}"`
    const version = await store(planId, `job-${index}`, json)
    const pieces = await read(await service.stores.syntheses.get(planId, version))
    expect(Buffer.concat(pieces).toString() === json).toBe(true)
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(PAGE_BYTES)
  }
  expect(await service.stores.syntheses.versions(planId)).toEqual([1, 2, 3, 4, 5])
  expect(await service.stores.plans.get(planId)).toMatchObject({ isPreliminary: true })
})

test('a plan that is deleted while its synthesis is read cuts the reading', async () => {
  const planId = await aPlan()
  const version = await store(planId, 'job', 'x'.repeat(2 * PAGE_BYTES))
  const pieces = (await service.stores.syntheses.get(planId, version))?.[Symbol.asyncIterator]()
  await pieces?.next()
  await service.stores.plans.delete(planId, TENANT)
  await expect(pieces?.next()).rejects.toMatchObject({ code: 'plan-not-found' })
  expect(await service.stores.syntheses.get(planId, version)).toBeUndefined()
  expect((await service.keys()).filter((key) => key.includes(`:plan:${planId}`))).toEqual([])
})
