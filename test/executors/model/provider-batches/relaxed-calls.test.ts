import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { AttemptAborted } from '../../../../src/core/run/running-tasks.ts'
import { modelExecutor } from '../../../../src/executors/model/executor.ts'
import { batchLane } from '../../../../src/executors/model/provider-batches/batch-lane.ts'
import type { BatchLane } from '../../../../src/executors/model/provider-batches/lane.ts'
import { batchClient } from '../../../../src/executors/model/provider-batches/provider-client.ts'
import { planKey } from '../../../../src/store/keys.ts'
import { redisProviderBatchStore } from '../../../../src/store/provider-batch-store.ts'
import { loadScripts } from '../../../../src/store/scripts.ts'
import { type BatchingProvider, batchingProvider } from '../../../support/batching-provider.ts'
import { aContext, aRequest } from '../../requests.ts'

const redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null })
const space = { prefix: `test-${randomUUID().slice(0, 8)}`, shards: 1 }
const run = loadScripts(redis)
const PLAN = 'p00aaaaaaaaaaaaaaaax'
const HOUR = 3_600_000

let provider: BatchingProvider
const lanes: BatchLane[] = []
const faults: unknown[] = []

beforeEach(async () => {
  provider = await batchingProvider()
  await redis.hset(planKey(space, PLAN), 'createdAt', Date.now())
})
afterEach(async () => {
  await Promise.all(lanes.splice(0).map((lane) => lane.close()))
  await provider.stop()
  const keys = await redis.keys(`{${space.prefix}:*`)
  if (keys.length > 0) await redis.del(keys)
  faults.length = 0
})
afterAll(() => redis.disconnect())

/** A worker process, as far as its calls are concerned. */
function aWorker() {
  const lane = batchLane({
    store: redisProviderBatchStore({ redis, run, space }),
    clientOf: (model) => batchClient(model, provider.providers),
    onFault: (error) => faults.push(error),
    quietMs: 100,
    firstLookMs: 30,
  })
  lanes.push(lane)
  const { providers } = provider
  return { lane, executor: modelExecutor({ providers, defaultModel: undefined, batches: lane }) }
}

/** Runs a task of a relaxed plan. */
function runTask(
  { executor }: ReturnType<typeof aWorker>,
  taskId: string,
  options: { model?: string; deadlineMs?: number; signal?: AbortSignal } = {},
) {
  const { signal = new AbortController().signal } = options
  const context = aContext(signal)
  context.relaxed = {
    deadlineMs: options.deadlineMs ?? HOUR,
    aside: (wait) => wait(signal),
  }
  const spec = { model: options.model ?? 'anthropic:claude-sonnet-4-5' }
  const request = aRequest(spec, { planId: PLAN, taskId, prompt: `Review ${taskId}.` })
  return executor.execute(request, context)
}

const sent = (count = 1) => vi.waitFor(() => expect(provider.batches).toHaveLength(count), 10_000)

describe.each(['anthropic:claude-sonnet-4-5', 'openai:gpt-4o'])('%s', (model) => {
  test('tasks without tools go out as one batch, and their answers find them, at half the price', async () => {
    provider.answer = (body) => JSON.stringify(body).match(/Review (\w+)/)?.[1] ?? ''
    const worker = aWorker()
    const running = ['a', 'b', 'c'].map((id) => runTask(worker, id, { model }))
    await sent()
    provider.finish()
    const outcomes = await Promise.all(running)
    expect(outcomes.map(({ output }) => output.text)).toEqual(['a', 'b', 'c'])
    expect(provider.batches[0]?.calls).toHaveLength(3)
    expect(provider.live).toEqual([])
    const [first] = outcomes
    expect(first?.usage).toMatchObject({ inputTokens: 1_000, outputTokens: 100, steps: 1 })
    const live = await runTask(worker, 'd', { model, deadlineMs: 1 })
    expect(first?.usage.costUsd).toBeCloseTo(live.usage.costUsd / 2, 10)
    expect(first?.usage.costUsd).toBeGreaterThan(0)
  })

  test('what is not back by the deadline is cancelled and made live', async () => {
    const running = runTask(aWorker(), 'slow', { model, deadlineMs: 1_000 })
    await sent()
    expect(await running).toMatchObject({ status: 'succeeded', output: { text: 'All is well.' } })
    expect(provider.batches[0]?.state).toBe('cancelled')
    expect(provider.live).toHaveLength(1)
  })

  test('another worker takes up what a dead one has sent, and nothing is sent twice', async () => {
    const dead = aWorker()
    const over = new AbortController()
    const lost = runTask(dead, 'kept', { model, signal: over.signal })
    lost.catch(() => {})
    await sent()
    over.abort(new AttemptAborted('lost', 'killed'))
    await dead.lane.close()
    const taken = runTask(aWorker(), 'kept', { model })
    provider.finish()
    expect(await taken).toMatchObject({ status: 'succeeded', usage: { steps: 1 } })
    expect(provider.batches).toHaveLength(1)
    expect(provider.live).toEqual([])
  })

  test('a batch whose acceptance was not heard of is found, and not sent again', async () => {
    provider.onCreate = 'accept and break off'
    const running = runTask(aWorker(), 'unheard', { model })
    await sent()
    provider.finish()
    expect(await running).toMatchObject({ status: 'succeeded' })
    expect(provider.batches).toHaveLength(1)
    expect(provider.live).toEqual([])
  })

  test('where a provider refuses batches, calls are made live at once', async () => {
    provider.onCreate = 'refuse'
    expect(await runTask(aWorker(), 'refused', { model })).toMatchObject({ status: 'succeeded' })
    expect(provider.live).toHaveLength(1)
  })
})

test('a batch that nobody needs any more is cancelled, not one that somebody does', async () => {
  const worker = aWorker()
  const cancels = [new AbortController(), new AbortController()]
  const running = cancels.map(({ signal }, at) => runTask(worker, `t${at}`, { signal }))
  for (const each of running) each.catch(() => {})
  await sent()
  const cancelled = new AttemptAborted('cancelled', 'cancelled')
  cancels[0]?.abort(cancelled)
  await expect(running[0]).rejects.toBe(cancelled)
  await vi.waitFor(async () => {
    const fields = await redis.hkeys(`${planKey(space, PLAN)}:batches`)
    expect(fields.filter((field) => field.startsWith('d:'))).toHaveLength(1)
  })
  expect(provider.batches[0]?.state).toBe('running')
  cancels[1]?.abort(cancelled)
  await vi.waitFor(() => expect(provider.batches[0]?.state).toBe('cancelled'), 10_000)
})

test('the batch of a deleted plan is cancelled', async () => {
  const over = new AbortController()
  const running = runTask(aWorker(), 'gone', { signal: over.signal })
  running.catch(() => {})
  await sent()
  await vi.waitFor(async () => {
    const fields = await redis.hvals(`${planKey(space, PLAN)}:batches`)
    expect(fields.join()).toContain('"sent"')
  })
  const keys = await redis.keys(`${planKey(space, PLAN)}*`)
  await redis.del(keys)
  over.abort(new AttemptAborted('cancelled', 'deleted'))
  await vi.waitFor(() => expect(provider.batches[0]?.state).toBe('cancelled'), 10_000)
  expect(await redis.keys(`${planKey(space, PLAN)}*`)).toEqual([])
})

test('a task that runs again sends its call again', async () => {
  const worker = aWorker()
  const first = runTask(worker, 'again')
  await sent()
  provider.finish()
  await first
  const second = runTask(worker, 'again')
  await sent(2)
  provider.finish()
  expect(await second).toMatchObject({ status: 'succeeded' })
  expect(faults).toEqual([])
})
