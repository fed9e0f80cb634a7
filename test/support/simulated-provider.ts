import { endCall, newRateState, startCalls } from '../../src/core/model-gate/rate-control.ts'

/** Says yes, or no with when to come back. Called for every request, with the ms it comes at. */
export type Limiter = (now: number) => true | { retryAfterMs: number | undefined }

/** Also hears of answers that have ended. */
export interface SimulatedProvider {
  take: Limiter
  end?: () => void
}

/** The delay that a refusal announces, given the ms after which there really is room. */
export type RetryAfter = (exactMs: number) => number | undefined

export const RETRY_AFTER: Record<'whole seconds' | 'milliseconds' | 'nothing', RetryAfter> = {
  'whole seconds': (exactMs) => 1_000 * Math.max(1, Math.ceil(exactMs / 1_000)),
  milliseconds: (exactMs) => Math.ceil(exactMs),
  nothing: () => undefined,
}

export function fixedWindow(
  limit: number,
  retryAfter: RetryAfter,
  phaseMs = 0,
  windowMs = 1_000,
): SimulatedProvider {
  let window = -1
  let count = 0
  return {
    take(now) {
      const at = now + phaseMs
      if (Math.floor(at / windowMs) !== window) {
        window = Math.floor(at / windowMs)
        count = 0
      }
      count += 1
      return count <= limit || { retryAfterMs: retryAfter((window + 1) * windowMs - at) }
    },
  }
}

export function slidingWindow(
  limit: number,
  retryAfter: RetryAfter,
  windowMs = 1_000,
): SimulatedProvider {
  const taken: number[] = []
  return {
    take(now) {
      while (taken.length > 0 && (taken[0] ?? 0) <= now - windowMs) taken.shift()
      const [first = now] = taken
      if (taken.length >= limit) return { retryAfterMs: retryAfter(first + windowMs - now) }
      taken.push(now)
      return true
    },
  }
}

export function tokenBucket(
  perSecond: number,
  capacity: number,
  retryAfter: RetryAfter,
): SimulatedProvider {
  let tokens = capacity
  let last = 0
  return {
    take(now) {
      tokens = Math.min(capacity, tokens + ((now - last) * perSecond) / 1_000)
      last = now
      if (tokens < 1) return { retryAfterMs: retryAfter(((1 - tokens) * 1_000) / perSecond) }
      tokens -= 1
      return true
    },
  }
}

/** Limits only the number of parallel calls, regardless of time. */
export function atMost(limit: number, retryAfter: RetryAfter): SimulatedProvider {
  let running = 0
  return {
    take() {
      if (running >= limit) return { retryAfterMs: retryAfter(1_000) }
      running += 1
      return true
    },
    end() {
      running -= 1
    },
  }
}

export interface Simulation {
  /** When the last call had ended. */
  ms: number
  refused: number
  /** Calls that were begun before the time that a refusal, known by then, had named. */
  early: number
  /** When each call that was taken reached the provider. */
  takenAt: number[]
}

/**
 * Runs calls of several processes against a provider, on a clock of its own: the shared state as all
 * processes change it, each with its own calls, slots and timer.
 */
export function simulate(options: {
  calls: number
  provider: SimulatedProvider
  latencyMs: number
  /** How long a refusal takes. */
  refusalMs?: number
  refusal?: 'rate-limited' | 'overloaded'
  processes?: number
  /** Calls that one process can have, waiting or running. */
  slots?: number
  /** From a call's start until it reaches the provider, at most. */
  jitterMs?: number
  /** The same within the first second, of processes that have just started. */
  coldMs?: number
  seed?: number
}): Simulation {
  const { calls, provider, latencyMs, refusalMs = 5, refusal = 'rate-limited' } = options
  const { processes = 2, slots = 50, jitterMs = 10, coldMs = jitterMs } = options
  const random = randomFrom(options.seed ?? 1)
  const events = new EventQueue()
  let state = newRateState(0)
  let left = calls
  let running = 0
  let notBefore = 0
  const result: Simulation = { ms: 0, refused: 0, early: 0, takenAt: [] }
  const waiting = Array.from({ length: processes }, () => 0)
  const turns = Array.from({ length: processes }, () => 0)

  function look(process: number, now: number): void {
    const step = startCalls(state, now, { waiting: waiting[process] ?? 0, running })
    state = step.state
    const turn = (turns[process] ?? 0) + 1
    turns[process] = turn
    for (let started = 0; started < step.granted; started += 1) begin(process, now)
    const waitMs = step.waitMs ?? ((waiting[process] ?? 0) > 0 ? 60 : null)
    if (waitMs === null) return
    events.add(now + waitMs + random() * 3, (at) => {
      if (turns[process] === turn) look(process, at)
    })
  }

  function begin(process: number, startedAt: number): void {
    waiting[process] = (waiting[process] ?? 0) - 1
    running += 1
    if (startedAt < notBefore) result.early += 1
    events.add(startedAt + 1 + random() * (startedAt < 1_000 ? coldMs : jitterMs), (now) => {
      const answer = provider.take(now)
      if (answer === true) {
        result.takenAt.push(now)
        events.add(now + latencyMs, (at) => end(process, startedAt, at))
        return
      }
      events.add(now + refusalMs, (at) => end(process, startedAt, at, answer))
    })
  }

  function end(
    process: number,
    startedAt: number,
    now: number,
    refused?: { retryAfterMs: number | undefined },
  ): void {
    const call = { status: refused ? refusal : ('ok' as const), ...refused, startedAt, running }
    state = endCall(state, now, call)
    running -= 1
    if (refused) {
      result.refused += 1
      notBefore = Math.max(notBefore, now + (refused.retryAfterMs ?? 0))
      waiting[process] = (waiting[process] ?? 0) + 1
    } else {
      provider.end?.()
      result.ms = now
      take(process)
    }
    look(process, now)
  }

  function take(process: number): void {
    if (left === 0) return
    left -= 1
    waiting[process] = (waiting[process] ?? 0) + 1
  }

  for (let slot = 0; slot < slots * processes; slot += 1) take(slot % processes)
  for (let process = 0; process < processes; process += 1) {
    events.add(random() * 5, (now) => look(process, now))
  }
  events.run()
  return result
}

class EventQueue {
  private readonly events: { at: number; run: (now: number) => void }[] = []

  add(at: number, run: (now: number) => void): void {
    let index = this.events.length
    while (index > 0 && (this.events[index - 1]?.at ?? 0) < at) index -= 1
    this.events.splice(index, 0, { at, run })
  }

  run(): void {
    for (let event = this.events.pop(); event !== undefined; event = this.events.pop()) {
      if (event.at > 3_600_000) throw new Error('it took more than an hour')
      event.run(Math.floor(event.at))
    }
  }
}

/** The same numbers every time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
