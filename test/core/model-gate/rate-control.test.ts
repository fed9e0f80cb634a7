import { describe, expect, test } from 'vitest'
import {
  callsAtOnce,
  endCall,
  newRateState,
  type RateState,
  startCalls,
} from '../../../src/core/model-gate/rate-control.ts'
import { localModelGate } from '../../../src/executors/model/calls/local-gate.ts'
import {
  atMost,
  fixedWindow,
  RETRY_AFTER,
  type RetryAfter,
  type SimulatedProvider,
  simulate,
  slidingWindow,
  tokenBucket,
} from '../../support/simulated-provider.ts'

const IDEAL_MS = 10_000
const unlimited = (): SimulatedProvider => ({ take: () => true })
const kinds = Object.entries(RETRY_AFTER)

describe.each(kinds)('200 calls at 20 a second, refusals name %s', (_, retryAfter) => {
  test.each<[string, (retryAfter: RetryAfter) => SimulatedProvider]>([
    ['a fixed window', (after) => fixedWindow(20, after)],
    ['a fixed window that is some way in', (after) => fixedWindow(20, after, 300)],
    ['a fixed window that is about to end', (after) => fixedWindow(20, after, 970)],
    ['a sliding window', (after) => slidingWindow(20, after)],
    ['a bucket of 20 tokens', (after) => tokenBucket(20, 20, after)],
    ['a bucket of 40 tokens', (after) => tokenBucket(20, 40, after)],
  ])('%s: two processes take at most 1.25 times the ideal', (_, newProvider) => {
    const settings = [
      { latencyMs: 5 },
      { latencyMs: 500, jitterMs: 20 },
      { latencyMs: 2_000, jitterMs: 20 },
      // Processes that have just started, on a machine that is busy.
      { latencyMs: 5, jitterMs: 20, coldMs: 400 },
    ]
    for (const setting of settings) {
      for (const seed of [1, 2, 3]) {
        const provider = newProvider(retryAfter)
        const { ms, refused, early } = simulate({ calls: 200, provider, seed, ...setting })
        expect(ms - setting.latencyMs).toBeLessThanOrEqual(1.25 * IDEAL_MS)
        expect(early).toBe(0)
        // Those that are out before the first refusal is heard, and few after that.
        expect(refused).toBeLessThan('coldMs' in setting ? 200 : 60)
      }
    }
  })

  test('refusals that take as long as answers cost little more', () => {
    for (const refusalMs of [500, 1_000]) {
      const setting = { calls: 200, latencyMs: refusalMs, refusalMs }
      for (const provider of [slidingWindow(20, retryAfter), tokenBucket(20, 20, retryAfter)]) {
        expect(simulate({ ...setting, provider }).ms).toBeLessThanOrEqual(
          1.25 * IDEAL_MS + refusalMs,
        )
      }
    }
  })

  test('a bucket of few tokens is not taken for a low rate', () => {
    for (const [capacity, factor] of [
      [10, 1.35],
      [5, 1.4],
    ] as const) {
      const provider = tokenBucket(20, capacity, retryAfter)
      const { ms, refused } = simulate({ calls: 200, provider, latencyMs: 5 })
      expect(ms).toBeLessThan(factor * IDEAL_MS)
      expect(refused).toBeLessThan(40)
    }
  })

  test('an overload of that kind is answered in the same way', () => {
    const provider = slidingWindow(20, retryAfter)
    const { ms } = simulate({ calls: 200, provider, latencyMs: 5, refusal: 'overloaded' })
    expect(ms).toBeLessThanOrEqual(1.25 * IDEAL_MS)
  })

  test('a limit of parallel calls is found, although it says nothing about time', () => {
    for (const [limit, latencyMs] of [
      [5, 1_000],
      [10, 2_000],
      [20, 2_000],
    ] as const) {
      const provider = atMost(limit, retryAfter)
      const { ms, refused } = simulate({ calls: 200, provider, latencyMs })
      expect(ms).toBeLessThan((1.3 * 200 * latencyMs) / limit)
      expect(refused).toBeLessThan(40)
    }
  })
})

test('calls that run for long are not asked for more again and again', () => {
  const provider = atMost(10, RETRY_AFTER['whole seconds'])
  const { ms, refused } = simulate({ calls: 40, provider, latencyMs: 60_000 })
  expect(ms).toBeLessThan(1.1 * 240_000)
  expect(refused).toBeLessThan(40)
})

test('a limit of another height is found as well, and kept to for long', () => {
  for (const perSecond of [1, 5, 50, 100]) {
    const provider = slidingWindow(perSecond, RETRY_AFTER['whole seconds'])
    const { ms } = simulate({ calls: 10 * perSecond, provider, latencyMs: 100, slots: 500 })
    expect(ms).toBeLessThan(1.25 * IDEAL_MS)
  }
  const provider = slidingWindow(20, RETRY_AFTER['whole seconds'])
  const { ms, refused } = simulate({ calls: 4_000, provider, latencyMs: 500, slots: 500 })
  expect(ms).toBeLessThan(1.15 * 200_000)
  expect(refused).toBeLessThan(30)
})

test('a limit by the minute is kept to as well', () => {
  const provider = slidingWindow(50, RETRY_AFTER.milliseconds, 60_000)
  const { ms, refused } = simulate({ calls: 200, provider, latencyMs: 1_000 })
  expect(ms).toBeLessThan(1.4 * 180_000)
  expect(refused).toBeLessThan(20)
})

test('a limit that is gone is forgotten within some seconds', () => {
  const limited = slidingWindow(20, RETRY_AFTER['whole seconds'])
  const provider = { take: (now: number) => now > 5_000 || limited.take(now) }
  const { takenAt } = simulate({ calls: 2_000, provider, latencyMs: 500, slots: 500 })
  const begunIn = (second: number) =>
    takenAt.filter((at) => Math.floor(at / 1_000) === second).length
  expect(begunIn(10)).toBeGreaterThanOrEqual(18)
  expect(begunIn(15)).toBeGreaterThan(60)
  expect(begunIn(20)).toBeGreaterThan(300)
})

test('a provider that refuses everything is asked once for each pause, and used once it is back', () => {
  const provider: SimulatedProvider = { take: (now) => now > 5_000 || { retryAfterMs: 1_000 } }
  const { ms, refused, takenAt } = simulate({ calls: 200, provider, latencyMs: 100 })
  expect(refused).toBeLessThan(40)
  expect(takenAt[0]).toBeLessThan(7_000)
  expect(ms).toBeLessThan(12_000)
})

test('calls set in gently, and are soon held back by nothing', () => {
  const without = (calls: number) =>
    simulate({ calls, provider: unlimited(), latencyMs: 30_000, slots: 1_000 }).ms - 30_000
  expect(without(20)).toBeLessThan(30)
  expect(without(100)).toBeLessThan(300)
  expect(without(200)).toBeLessThan(500)
  expect(without(1_000)).toBeLessThan(1_000)
})

test('when a pause is over, a call starts immediately, whatever the pace and the clock', () => {
  for (let at = 0; at < 1_000; at += 1) {
    const now = 1_795_478_738_067 + 1_009 * at
    const refused = { startedAt: now - 1_000, holdMs: 1_000, running: 0 }
    const state: RateState = {
      ...newRateState(now - 5_000),
      holdUntil: now,
      pace: 1 + at / 7,
      pacedAt: now - 2_000,
      round: { since: now - 2_000, refused },
    }
    expect(startCalls(state, now, { waiting: 3, running: 0 }).granted).toBe(1)
  }
})

test('refusals without a time are waited out longer each time, and a call that is taken ends that', () => {
  let state = newRateState(0)
  let now = 0
  const holds: number[] = []
  const refuse = () => {
    const step = startCalls(state, now, { waiting: 1, running: 0 })
    const call = { status: 'rate-limited', startedAt: now, running: 1 } as const
    state = endCall(step.state, now, call)
    holds.push(state.holdUntil - now)
    now = state.holdUntil
  }
  for (let round = 0; round < 8; round += 1) refuse()
  expect(holds).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  const step = startCalls(state, now, { waiting: 1, running: 0 })
  state = endCall(step.state, now, { status: 'ok', startedAt: now, running: 1 })
  now += 5_000
  refuse()
  expect(holds.at(-1)).toBe(1_000)
})

test('a server that refuses with a wait of nothing is not hammered', () => {
  const provider: SimulatedProvider = { take: (now) => now > 10_000 || { retryAfterMs: 0 } }
  const { refused } = simulate({ calls: 1, provider, latencyMs: 5 })
  expect(refused).toBeLessThan(30)
})

test('where the first call after a pause is refused, those that run are as many as there may be', () => {
  const refusal = { status: 'overloaded', retryAfterMs: 1_000 } as const
  let state = startCalls(newRateState(0), 0, { waiting: 20, running: 0 }).state
  for (let running = 20; running > 8; running -= 1) {
    state = endCall(state, 10, { ...refusal, startedAt: 0, running })
  }
  expect(startCalls(state, 500, { waiting: 12, running: 8 })).toMatchObject({
    granted: 0,
    waitMs: 510,
  })
  const probe = startCalls(state, 1_010, { waiting: 12, running: 8 })
  expect(probe.granted).toBe(1)
  state = endCall(probe.state, 1_020, { ...refusal, startedAt: 1_010, running: 9 })
  const after = startCalls(state, 2_020, { waiting: 12, running: 8 })
  expect(after).toMatchObject({ granted: 0, waitMs: null })
  expect(callsAtOnce(after.state, 2_020)).toBe(8)
  expect(startCalls(after.state, 2_500, { waiting: 12, running: 7 }).granted).toBe(1)
  expect(callsAtOnce(after.state, 20_000)).toBeGreaterThan(20)
  expect(callsAtOnce(after.state, 60_000)).toBeNull()
})

test('the state is plain data, so that it can be kept elsewhere', () => {
  let state = newRateState(0)
  state = startCalls(state, 0, { waiting: 10, running: 0 }).state
  state = endCall(state, 5, {
    status: 'rate-limited',
    startedAt: 0,
    running: 10,
    retryAfterMs: 100,
  })
  state = startCalls(state, 200, { waiting: 10, running: 9 }).state
  expect(JSON.parse(JSON.stringify(state))).toEqual(state)
})

describe('the gate of one process', () => {
  test('holds back one model only', async () => {
    const gate = localModelGate()
    const { signal } = new AbortController()
    const permit = await gate.acquire('a:1', signal)
    await permit.release({ status: 'rate-limited', retryAfterMs: 60_000 })
    await (await gate.acquire('a:2', signal)).release({ status: 'ok' })
    const controller = new AbortController()
    const held = gate.acquire('a:1', controller.signal)
    controller.abort(new Error('timeout'))
    await expect(held).rejects.toThrow('timeout')
  })

  test('lets calls through in the order they came', async () => {
    const gate = localModelGate()
    const { signal } = new AbortController()
    const first = await gate.acquire('a:1', signal)
    await first.release({ status: 'rate-limited', retryAfterMs: 20 })
    const order: number[] = []
    await Promise.all(
      [1, 2, 3].map(async (number) => {
        const permit = await gate.acquire('a:1', signal)
        order.push(number)
        await permit.release({ status: 'ok' })
      }),
    )
    expect(order).toEqual([1, 2, 3])
  })

  test('a call that was given up leaves its place to the next', async () => {
    const gate = localModelGate()
    const { signal } = new AbortController()
    const first = await gate.acquire('a:1', signal)
    await first.release({ status: 'overloaded', retryAfterMs: 30 })
    const controller = new AbortController()
    const given = gate.acquire('a:1', controller.signal)
    const next = gate.acquire('a:1', signal)
    controller.abort(new Error('cancelled'))
    await expect(given).rejects.toThrow('cancelled')
    await (await next).release({ status: 'ok' })
  })
})
