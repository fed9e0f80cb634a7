import type { CallOutcome } from './gate.ts'

/**
 * What is known of how many calls one model takes: plain data, so that it can be kept in one process
 * or shared by many. Times are milliseconds on one clock, `null` means unlimited.
 *
 * Until the provider first refuses, calls only set in gently: so many at once, and then more and more,
 * so that a limit shows after some calls and not after all. Once it refuses:
 * - nobody calls before the time that the provider named;
 * - the rate of calls it took until then becomes the pace. A refusal at that pace lowers it; without
 *   one it grows with the cube of the time, slowly near the last limit and fast far from it, as
 *   congestion control does (RFC 9438, CUBIC), and is forgotten when it has grown enough;
 * - an overload halves the number of calls at once, which grows back in the same way.
 */
export interface RateState {
  holdUntil: number
  /** Calls a second that were right at `pacedAt`. */
  pace: number | null
  pacedAt: number
  /** When the last call began, by the pace; a little in the past where calls came late. */
  lastStartAt: number
  /** When calls set in after a quiet time. */
  openedAt: number
  /** Calls at once that were right at `limitedAt`. */
  limit: number | null
  limitedAt: number
  /** How long without a refusal until the pace or the limit has doubled. */
  growthMs: number
  /** Begins when the hold of the one before is over; ends with the hold that its first refusal brings. */
  round: {
    since: number
    refusedAt: number | null
    /** When to call again, by the first refusal alone: later ones say the same, only later. */
    againAt: number
  }
  /** Calls of the last minute that were begun and not refused, oldest first, in buckets. */
  taken: { at: number; count: number }[]
  /** Rounds that ended with a refusal, without a call that went well between them. */
  badRounds: number
}

const BUCKET_MS = 250
const KEPT_BUCKETS = 240
const FEW_CALLS = 10
const SHORT_GROWTH_MS = 3_000
const LEAST_GROWTH_MS = 30_000
const MOST_GROWTH_MS = 600_000
/** A pace that has grown this much says nothing any more. */
const FORGOTTEN = 64
/** Starts that a late timer may make up for. */
const CATCH_UP_MS = 100
const LEAST_WAIT_MS = 10
/** Calls a second with which calls set in: 40 at once, all of 1,000 within a second. */
const OPENING_PACE = 400
const OPENING_DOUBLES_MS = 500
const QUIET_MS = 10_000
/** A pace that is refused within this time was far off. */
const SOON_MS = 2_000
const SLOWEST_PACE = 1 / 60
const FIRST_HOLD_MS = 1_000
const LONGEST_HOLD_MS = 60_000

export function newRateState(now: number): RateState {
  return {
    holdUntil: 0,
    pace: null,
    pacedAt: now,
    lastStartAt: now - QUIET_MS - 1,
    openedAt: now,
    limit: null,
    limitedAt: now,
    growthMs: LEAST_GROWTH_MS,
    round: { since: now, refusedAt: null, againAt: now },
    taken: [],
    badRounds: 0,
  }
}

/**
 * How many of the calls that wait may begin now. `waitMs` is when to ask again; `null` when nothing
 * waits, or when only the end of a running call can help.
 */
export function startCalls(
  before: RateState,
  now: number,
  calls: { waiting: number; running: number },
): { state: RateState; granted: number; waitMs: number | null } {
  if (calls.waiting === 0) return { state: before, granted: 0, waitMs: null }
  if (now < before.holdUntil) {
    return { state: before, granted: 0, waitMs: before.holdUntil - now }
  }
  const state = afterHold(before, now)
  const limit = state.limit === null ? null : grown(state, state.limit, now - state.limitedAt)
  const pace = state.pace === null ? null : grown(state, state.pace, now - state.pacedAt)
  if (limit === null) state.limit = null
  if (pace === null) state.pace = null

  const free = limit === null ? calls.waiting : Math.floor(limit) - calls.running
  const room = Math.min(calls.waiting, Math.max(free, calls.running === 0 ? 1 : 0))
  if (room === 0) return { state, granted: 0, waitMs: null }
  if (now - state.lastStartAt > QUIET_MS) state.openedAt = now
  const interval =
    1_000 / (pace ?? OPENING_PACE * 2 ** ((now - state.openedAt) / OPENING_DOUBLES_MS))
  const last = Math.max(state.lastStartAt, now - CATCH_UP_MS - interval)
  const granted = Math.min(room, Math.max(0, Math.floor((now - last) / interval)))
  state.lastStartAt = last + granted * interval
  const waitMs = Math.ceil(state.lastStartAt + interval - now)
  return {
    state: withTaken(state, now, granted),
    granted,
    // In time to notice that the pace has grown; not for every single call of a fast one.
    waitMs: granted < room ? Math.min(1_000, Math.max(waitMs, LEAST_WAIT_MS)) : null,
  }
}

/** Calls at once that are right now; `null` where nothing limits them. */
export function callsAtOnce(state: RateState, now: number): number | null {
  const limit = state.limit === null ? null : grown(state, state.limit, now - state.limitedAt)
  return limit === null ? null : Math.floor(limit)
}

/** What the end of a call, begun at `startedAt`, changes. `running` counts the call itself. */
export function endCall(
  state: RateState,
  now: number,
  call: CallOutcome & { startedAt: number; running: number },
): RateState {
  // One that began before this round says what the round before already knew.
  const isOfThisRound = call.startedAt >= state.round.since
  switch (call.status) {
    case 'failed':
      return state
    case 'ok':
      return isOfThisRound && state.round.refusedAt === null ? { ...state, badRounds: 0 } : state
    case 'rate-limited':
    case 'overloaded': {
      const againAt = now + holdMs(state, call.retryAfterMs)
      const holdUntil = Math.max(state.holdUntil, againAt)
      if (!isOfThisRound) return { ...state, holdUntil }
      const { since, refusedAt } = state.round
      const round = refusedAt === null ? { since, refusedAt: now, againAt } : state.round
      const next = { ...withoutRefused(state, call.startedAt), holdUntil, round }
      if (call.status === 'rate-limited' || refusedAt !== null) return next
      return { ...next, limit: Math.max(1, Math.floor(call.running / 2)), limitedAt: now }
    }
  }
}

/** A copy of the state, in a new round with what the one that ended teaches where its hold is over. */
function afterHold(state: RateState, now: number): RateState {
  const { refusedAt, againAt } = state.round
  if (refusedAt === null) return { ...state }
  const next = {
    ...state,
    round: { since: now, refusedAt: null, againAt: now },
    badRounds: state.badRounds + 1,
    // Limits by the minute ask for longer holds than limits by the second, and for more patience.
    growthMs: Math.min(MOST_GROWTH_MS, Math.max(LEAST_GROWTH_MS, 10 * (againAt - refusedAt))),
  }
  // An overload is answered by fewer calls at once; the pace has nothing to do with it.
  if (state.limit !== null && state.limitedAt === refusedAt) return next
  const current = state.pace === null ? null : grown(state, state.pace, refusedAt - state.pacedAt)
  // At the least one call for each time that it asks to wait so long.
  const measured = Math.max(paceTaken(state, againAt), 1_000 / Math.max(1, againAt - refusedAt))
  // A handful of calls says little of the pace: more is tried soon.
  if (current === null && sum(state.taken) < FEW_CALLS) next.growthMs = SHORT_GROWTH_MS
  const least = refusedAt - state.pacedAt < SOON_MS ? 0.7 : 0.9
  const pace =
    current === null
      ? 0.97 * measured
      : Math.min(0.9 * current, Math.max(least * current, measured))
  return {
    ...next,
    pace: Math.max(SLOWEST_PACE, pace),
    pacedAt: now,
    lastStartAt: now - 1_000 / pace,
  }
}

/**
 * Calls a second that the provider took, over the stretch of time up to `until` that shows the most.
 * The hold counts as time: a provider that took 20 and asks for a second's pause takes 20 a second.
 */
function paceTaken({ taken }: RateState, until: number): number {
  let count = 0
  let pace = 0
  for (const bucket of taken.toReversed()) {
    count += bucket.count
    pace = Math.max(pace, (count * 1_000) / Math.max(1, until - bucket.at))
  }
  return pace
}

function sum(buckets: RateState['taken']): number {
  return buckets.reduce((total, { count }) => total + count, 0)
}

function withTaken(state: RateState, now: number, count: number): RateState {
  if (count === 0) return state
  const last = state.taken.at(-1)
  const taken =
    last !== undefined && now - last.at < BUCKET_MS
      ? state.taken.with(-1, { at: last.at, count: last.count + count })
      : [...state.taken.slice(1 - KEPT_BUCKETS), { at: now, count }]
  return { ...state, taken }
}

function withoutRefused(state: RateState, startedAt: number): RateState {
  const index = state.taken.findLastIndex(({ at }) => at <= startedAt)
  const bucket = state.taken[index]
  if (bucket === undefined) return state
  const less = { at: bucket.at, count: Math.max(0, bucket.count - 1) }
  return { ...state, taken: state.taken.with(index, less) }
}

/** The value after `ms` without a refusal; `null` once it no longer matters. */
function grown({ growthMs }: RateState, value: number, ms: number): number | null {
  const factor = 1 + (Math.max(0, ms) / growthMs) ** 3
  return factor > FORGOTTEN ? null : value * factor
}

/** The provider's word, but longer each time where it is too short to help. */
function holdMs(state: RateState, retryAfterMs: number | undefined): number {
  if (retryAfterMs === undefined) {
    return Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** state.badRounds)
  }
  return Math.max(retryAfterMs, Math.min(FIRST_HOLD_MS, 10 * 2 ** state.badRounds))
}
