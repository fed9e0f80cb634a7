import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { prefixGate } from '../../src/core/model-gate/prefix-gate.ts'
import { modelExecutor } from '../../src/executors/model/executor.ts'
import { shardKey } from '../../src/store/keys.ts'
import { redisPrefixMarks } from '../../src/store/prefix-marks.ts'
import { aContext, aRequest } from '../executors/requests.ts'
import { cachingProvider } from '../support/caching-provider.ts'

let connections: Redis[]
let space: { prefix: string; shards: number }
const forever = new AbortController().signal

beforeEach(() => {
  connections = []
  space = { prefix: `test-${randomUUID().slice(0, 8)}`, shards: 1 }
})
afterEach(() => {
  for (const connection of connections) connection.disconnect()
})

function connect(): Redis {
  const redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null })
  connections.push(redis)
  return redis
}

/** A gate as in another process: on its own connection. */
function newGate() {
  return prefixGate({ now: Date.now, marks: redisPrefixMarks({ redis: connect(), space }) })
}

async function marked(): Promise<{ value: string | null; ttlMs: number }> {
  const redis = connect()
  const [key = ''] = await redis.keys(`${shardKey(space, 0)}:prefix:*`)
  return { value: await redis.get(key), ttlMs: await redis.pttl(key) }
}

test('while one process is ahead, calls of another wait until its answer has begun', async () => {
  const [here, there] = [newGate(), newGate()]
  const first = await here.enter('p', forever)
  let entered = 0
  const others = [1, 2, 3].map(() => there.enter('p', forever).then(() => (entered += 1)))
  first.began()
  await expect.poll(async () => (await marked()).value).toMatch(/ calling$/)
  expect(entered).toBe(0)
  first.warm()
  await Promise.all(others)
  const { value, ttlMs } = await marked()
  expect(value).toBe('warm')
  expect(ttlMs).toBeGreaterThan(4 * 60_000)
  expect(ttlMs).toBeLessThan(5 * 60_000)
  const later = await newGate().enter('p', forever)
  later.giveUp()
})

test('one of another process goes ahead when the first gives up, and only one', async () => {
  const [here, there] = [newGate(), newGate()]
  const first = await here.enter('p', forever)
  const entered: string[] = []
  const turns = ['a', 'b'].map(async (name) => {
    const turn = await there.enter('p', forever)
    entered.push(name)
    return turn
  })
  first.giveUp()
  const turn = await Promise.race(turns)
  expect(entered).toHaveLength(1)
  turn.warm()
  await Promise.all(turns)
})

test('the lead of a process that died lasts no longer than its lease', async () => {
  const dead = redisPrefixMarks({ redis: connect(), space })
  expect(await dead.claim('p', 'dead')).toEqual({ status: 'lead' })
  const { ttlMs } = await marked()
  expect(ttlMs).toBeLessThanOrEqual(10_000)
  expect(ttlMs).toBeGreaterThan(0)
  const alive = newGate().enter('p', forever)
  const redis = connect()
  await redis.del(...(await redis.keys(`${shardKey(space, 0)}:prefix:*`)))
  const turn = await alive
  turn.giveUp()
})

test('a turn that is over does not affect the next one', async () => {
  const marks = redisPrefixMarks({ redis: connect(), space })
  await marks.claim('p', 'old')
  await marks.leave('p', 'old')
  expect(await marks.claim('p', 'new')).toEqual({ status: 'lead' })
  await marks.hold('p', 'old', true)
  await marks.leave('p', 'old')
  expect(await marks.claim('p', 'other')).toEqual({ status: 'led', calling: false })
  expect(await marks.claim('p', 'new')).toEqual({ status: 'lead' })
})

test('waiting for another process ends with an abort', async () => {
  const [here, there] = [newGate(), newGate()]
  const first = await here.enter('p', forever)
  const controller = new AbortController()
  const waiting = there.enter('p', controller.signal)
  controller.abort(new Error('cancelled'))
  await expect(waiting).rejects.toThrow('cancelled')
  first.giveUp()
})

test('calls continue while the store does not answer', async () => {
  const faults: unknown[] = []
  const gate = prefixGate({
    now: Date.now,
    marks: {
      claim: () => Promise.reject(new Error('away')),
      hold: () => Promise.reject(new Error('away')),
      warm: () => Promise.reject(new Error('away')),
      leave: () => Promise.reject(new Error('away')),
    },
    onFault: (error) => faults.push(error),
  })
  const turn = await gate.enter('p', forever)
  turn.began()
  turn.warm()
  await gate.enter('p', forever)
  expect(faults.length).toBeGreaterThan(0)
})

test('eight tasks of two workers with 20,000 shared tokens pay for the prefix once', async () => {
  const provider = await cachingProvider('Done.', 50)
  try {
    const workers = [newGate(), newGate()].map((prefixes) =>
      modelExecutor({
        providers: { anthropicApiKey: 'key', anthropicBaseUrl: provider.url },
        defaultModel: 'anthropic:claude-sonnet-4-5',
        prefixes,
      }),
    )
    const sharedContext = 'All tasks of the plan must know this. '.repeat(2_100)
    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        workers[at % 2]?.execute(
          aRequest({}, { taskId: `task-${at}`, sharedContext, prompt: `Part ${at}.` }),
          aContext(),
        ),
      ),
    )
    expect(provider.calls.filter(({ written }) => written > 0)).toHaveLength(1)
    expect(provider.coldUnits()).toBeGreaterThan(195_000)
    expect(provider.units()).toBeLessThan(45_000)
  } finally {
    await provider.stop()
  }
})
