import { describe, expect, test } from 'vitest'
import {
  callsAtOnce,
  endCall,
  newRateState,
  type RateState,
  startCalls,
} from '../../../src/core/model-gate/rate-control.ts'
import { localModelGate } from '../../../src/executors/model/calls/local-gate.ts'

/** Says yes, or when to come back. */
type Limiter = (now: number) => true | { retryAfterMs: number | undefined }

/** Runs calls against a provider with such a limit, on a clock of its own; how long it took. */
function simulate(options: {
  calls: number
  latencyMs: number
  limiter: Limiter
  atOnce?: number
}): { ms: number; refused: number; early: number } {
  const { calls, latencyMs, limiter, atOnce = Number.POSITIVE_INFINITY } = options
  let state = newRateState(0)
  let waiting = calls
  let done = 0
  let refused = 0
  let early = 0
  let notBefore = 0
  let running: {
    startedAt: number
    endsAt: number
    retryAfterMs?: number | undefined
    ok: boolean
  }[] = []
  for (let now = 0; now < 3_600_000; now += 1) {
    for (const call of running.filter(({ endsAt }) => endsAt <= now)) {
      const status = call.ok ? 'ok' : 'rate-limited'
      state = endCall(state, now, { ...call, status, running: running.length })
      running = running.filter((other) => other !== call)
      if (call.ok) done += 1
      else {
        waiting += 1
        refused += 1
        notBefore = Math.max(notBefore, now + (call.retryAfterMs ?? 0))
      }
    }
    if (done === calls) return { ms: now, refused, early }
    const step = startCalls(state, now, {
      waiting: Math.min(waiting, atOnce - running.length),
      running: running.length,
    })
    state = step.state
    for (let started = 0; started < step.granted; started += 1) {
      waiting -= 1
      if (now < notBefore) early += 1
      const answer = limiter(now)
      if (answer === true) running.push({ startedAt: now, endsAt: now + latencyMs, ok: true })
      else running.push({ startedAt: now, endsAt: now + 5, ok: false, ...answer })
    }
  }
  throw new Error('it took more than an hour')
}

function fixedWindow(perSecond: number): Limiter {
  let second = -1
  let count = 0
  return (now) => {
    if (Math.floor(now / 1_000) !== second) {
      second = Math.floor(now / 1_000)
      count = 0
    }
    count += 1
    return count <= perSecond ? true : { retryAfterMs: 1_000 }
  }
}

function slidingWindow(limit: number, windowMs: number, exact: boolean): Limiter {
  const taken: number[] = []
  return (now) => {
    while (taken.length > 0 && (taken[0] ?? 0) <= now - windowMs) taken.shift()
    if (taken.length >= limit) {
      return { retryAfterMs: exact ? (taken[0] ?? 0) + windowMs - now : windowMs }
    }
    taken.push(now)
    return true
  }
}

function tokenBucket(perSecond: number, capacity: number): Limiter {
  let tokens = capacity
  let last = 0
  return (now) => {
    tokens = Math.min(capacity, tokens + ((now - last) * perSecond) / 1_000)
    last = now
    if (tokens < 1) return { retryAfterMs: 1_000 }
    tokens -= 1
    return true
  }
}

describe('200 calls at a provider that takes 20 a second', () => {
  test.each([
    ['in a fixed window', () => fixedWindow(20)],
    ['in a sliding window', () => slidingWindow(20, 1_000, false)],
    ['in a sliding window that says exactly when', () => slidingWindow(20, 1_000, true)],
    ['by a bucket of 20 tokens', () => tokenBucket(20, 20)],
  ])('%s take at most 1.25 times the ideal time, and never come early', (_, newLimiter) => {
    for (const latencyMs of [20, 500, 2_000]) {
      const { ms, refused, early } = simulate({
        calls: 200,
        latencyMs,
        limiter: newLimiter(),
      })
      expect(ms).toBeLessThan(1.25 * 10_000 + latencyMs)
      expect(early).toBe(0)
      expect(refused).toBeLessThan(40)
    }
  })
})

test('a limit by the minute is kept to as well', () => {
  const { ms } = simulate({
    calls: 200,
    latencyMs: 1_000,
    limiter: slidingWindow(50, 60_000, true),
  })
  expect(ms).toBeLessThan(1.25 * 240_000)
})

test('a limit of calls at once is found, although it says nothing of time', () => {
  let running: number[] = []
  const { ms } = simulate({
    calls: 200,
    latencyMs: 2_000,
    limiter: (now) => {
      running = running.filter((endsAt) => endsAt > now)
      if (running.length >= 10) return { retryAfterMs: 1_000 }
      running.push(now + 2_000)
      return true
    },
  })
  expect(ms).toBeLessThan(1.25 * 40_000)
})

test('calls set in gently, and are soon held back by nothing', () => {
  const without = (calls: number) => simulate({ calls, latencyMs: 100, limiter: () => true }).ms
  expect(without(40)).toBe(100)
  expect(without(100)).toBeLessThan(250)
  expect(without(1_000)).toBeLessThan(1_250)
  expect(without(10_000)).toBeLessThan(3_000)
})

test('a limit shows after some calls, and not after all', () => {
  const { refused } = simulate({ calls: 200, latencyMs: 100, limiter: fixedWindow(20) })
  expect(refused).toBeLessThan(40)
})

test('refusals without a time are waited out longer each time, and a success ends that', () => {
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
  expect(state.badRounds).toBe(0)
})

test('a server that refuses with a wait of nothing is not hammered', () => {
  const { refused } = simulate({
    calls: 1,
    latencyMs: 5,
    limiter: (now) => (now < 10_000 ? { retryAfterMs: 0 } : true),
  })
  expect(refused).toBeLessThan(30)
})

test('an overload halves the calls at once, which grow back', () => {
  let state: RateState = newRateState(0)
  state = startCalls(state, 0, { waiting: 40, running: 0 }).state
  state = endCall(state, 10, {
    status: 'overloaded',
    startedAt: 0,
    running: 40,
    retryAfterMs: 1_000,
  })
  // More of the same burst say nothing new.
  state = endCall(state, 12, {
    status: 'overloaded',
    startedAt: 0,
    running: 39,
    retryAfterMs: 1_000,
  })
  expect(startCalls(state, 500, { waiting: 40, running: 0 })).toMatchObject({
    granted: 0,
    waitMs: 512,
  })
  const after = startCalls(state, 1_012, { waiting: 40, running: 0 })
  expect(after).toMatchObject({ granted: 20, waitMs: null })
  expect(startCalls(after.state, 1_100, { waiting: 20, running: 20 }).granted).toBe(0)
  expect(callsAtOnce(after.state, 60_000)).toBeGreaterThan(100)
  expect(callsAtOnce(after.state, 3_600_000)).toBeNull()
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
