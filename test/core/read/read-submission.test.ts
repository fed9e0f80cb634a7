import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { deletePlan } from '../../../src/core/change/delete-plan.ts'
import { readSubmission } from '../../../src/core/read/read-submission.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import { openUseCases, type UseCases } from '../../support/use-cases.ts'

let service: UseCases
beforeAll(async () => {
  service = await openUseCases(inject('redisUrl'))
})
afterAll(() => service.close())

const measure = (text: string) => ({ sha256: `hash of ${text}`, bytes: text.length })

async function submitted(body: object): Promise<string> {
  const submission = { tenant: 'default', body, idempotencyKey: undefined }
  const { record } = await submitPlan(service.submitting, submission)
  return record.spec.id
}

const read = (planId: string, files: boolean, tenant = 'default') =>
  readSubmission({ plans: service.stores.plans, measure }, tenant, planId, { files })

const body = {
  title: 'Twice',
  context: 'Shared by all.',
  pattern: {
    kind: 'perspectives',
    perspectives: ['security', 'testing'],
    // Long enough to be compressed.
    task: { task: `Review it. ${'Take care. '.repeat(400)}`, executor: 'echo' },
  },
  workspace: { files: { 'src/b.ts': 'bb', 'src/a.ts': 'a' } },
  metadata: { commit: '4f2a9c1' },
}

test('a submission is returned as it was sent, its files by name, size and hash', async () => {
  const planId = await submitted(body)
  expect(await read(planId, false)).toEqual({
    ...body,
    workspace: {
      files: {
        'src/a.ts': { sha256: 'hash of a', bytes: 1 },
        'src/b.ts': { sha256: 'hash of bb', bytes: 2 },
      },
    },
  })
})

test('with its files it is the same body again, which makes another plan', async () => {
  const planId = await submitted(body)
  const again = await read(planId, true)
  expect(again).toEqual(body)
  expect(await submitted(again)).not.toBe(planId)
})

test('nothing but what was sent is in it', async () => {
  const short = { tasks: [{ prompt: 'A', executor: 'echo' }] }
  expect(await read(await submitted(short), true)).toEqual(short)
})

test('it is kept from other tenants, and goes with its plan', async () => {
  const planId = await submitted(body)
  const missing = { code: 'plan-not-found' }
  await expect(read(planId, true, 'other')).rejects.toMatchObject(missing)
  const record = await service.stores.plans.get(planId)
  if (record !== undefined) await deletePlan(service.changing, record)
  await expect(read(planId, true)).rejects.toMatchObject(missing)
  expect((await service.keys()).filter((key) => key.includes(planId))).toEqual([])
})
