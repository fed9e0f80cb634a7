import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { type FakeService, startFakeService } from '../support/fake-service.ts'
import { type Service, startService } from '../support/service.ts'
import { describeService } from '../support/service-contract.ts'

let real: Service
let fake: FakeService
beforeAll(async () => {
  const prefix = `contract-${randomUUID().slice(0, 8)}`
  real = await startService({ redisUrl: inject('redisUrl'), prefix })
  fake = await startFakeService()
  fake.autorun = true
})
afterAll(async () => {
  await real?.stop()
  await fake?.close()
})

describe('the real service', () => describeService(() => real.url))
describe('the fake service', () => describeService(() => fake.url))
