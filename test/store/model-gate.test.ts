import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import type { Permit } from '../../src/core/model-gate/gate.ts'
import { readProviders } from '../../src/store/model-calls.ts'
import { redisModelGate } from '../../src/store/model-gate.ts'

const KEY = 'local:sample'
const forever = new AbortController().signal

let connections: Redis[]
let gates: ReturnType<typeof redisModelGate>[]
let space: { prefix: string; shards: number }

beforeEach(() => {
  connections = []
  gates = []
  space = { prefix: `test-${randomUUID().slice(0, 8)}`, shards: 1 }
})

afterEach(() => {
  for (const gate of gates) gate.close()
  for (const connection of connections) connection.disconnect()
})

function connect(): Redis {
  const redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null })
  connections.push(redis)
  return redis
}

/** A gate as in another process: on its own connection. */
function newGate() {
  const gate = redisModelGate({
    redis: connect(),
    space,
    onFault: (error) => {
      throw error
    },
  })
  gates.push(gate)
  return gate
}

function acquireAll(gate: ReturnType<typeof newGate>, count: number): Promise<Permit[]> {
  return Promise.all(Array.from({ length: count }, () => gate.acquire(KEY, forever)))
}

test('nothing is held back before a provider refuses, however many calls wait', async () => {
  const [one, two] = await Promise.all([acquireAll(newGate(), 300), acquireAll(newGate(), 300)])
  expect([one.length, two.length]).toEqual([300, 300])
})

test('a pause that one process was asked for is kept by another, and shown', async () => {
  const [first, second] = [newGate(), newGate()]
  const providers = readProviders({ redis: connect(), space })
  const [permit] = await acquireAll(first, 1)
  const refusedAt = Date.now()
  await permit?.release({ status: 'rate-limited', retryAfterMs: 1_500 })
  await expect
    .poll(providers)
    .toEqual([{ key: KEY, heldUntil: expect.any(String), concurrency: null }])
  await second.acquire(KEY, forever)
  // A little less: the two clocks may differ.
  expect(Date.now() - refusedAt).toBeGreaterThanOrEqual(1_400)
})

test('another model of the same provider continues', async () => {
  const [first, second] = [newGate(), newGate()]
  const [permit] = await acquireAll(first, 1)
  await permit?.release({ status: 'rate-limited', retryAfterMs: 60_000 })
  await second.acquire('local:other', forever)
})

test('a call that is aborted while it waits is rejected immediately, and takes no turn', async () => {
  const gate = newGate()
  const [permit] = await acquireAll(gate, 1)
  await permit?.release({ status: 'rate-limited', retryAfterMs: 60_000 })
  const controller = new AbortController()
  const waiting = gate.acquire(KEY, controller.signal)
  controller.abort(new Error('given up'))
  await expect(waiting).rejects.toThrow('given up')
})

test('all processes together make as many parallel calls as the provider accepts', async () => {
  const [first, second] = [newGate(), newGate()]
  const providers = readProviders({ redis: connect(), space })
  const permits = await acquireAll(first, 5)
  await permits.pop()?.release({ status: 'overloaded', retryAfterMs: 10 })
  const [probe] = await acquireAll(second, 1)
  await probe?.release({ status: 'overloaded', retryAfterMs: 10 })
  const waiting = acquireAll(second, 2)
  await expect.poll(providers).toMatchObject([{ concurrency: 4 }])
  for (const permit of permits) await permit.release({ status: 'ok' })
  expect(await waiting).toHaveLength(2)
})

test('the calls of a process that died are given back once its lease is over', async () => {
  const [first, second] = [newGate(), newGate()]
  const permits = await acquireAll(first, 3)
  await permits.pop()?.release({ status: 'overloaded', retryAfterMs: 10 })
  const [probe] = await acquireAll(second, 1)
  await probe?.release({ status: 'overloaded', retryAfterMs: 10 })
  // Without a word, as when it is killed: its two calls end for nobody.
  first.close()
  expect(await acquireAll(second, 2)).toHaveLength(2)
})

test('the end of a pause starts one round for all processes, and none waits for another', async () => {
  const [first, second] = [newGate(), newGate()]
  for (let round = 0; round < 10; round += 1) {
    const [permit] = await acquireAll(round % 2 === 0 ? first : second, 1)
    await permit?.release({ status: 'rate-limited', retryAfterMs: 20 })
  }
  const [one, two] = await Promise.all([acquireAll(first, 1), acquireAll(second, 1)])
  expect([one.length, two.length]).toEqual([1, 1])
})
