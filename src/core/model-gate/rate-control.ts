import type { CallOutcome } from './gate.ts'
import {
  countFrom,
  endOfTaken,
  fastest,
  type Taken,
  takenSince,
  withoutRefused,
  withTaken,
} from './taken.ts'

/**
 * What is known about a model's rate limits. Plain data, so that it can be kept in one process or
 * shared by many. Times are milliseconds on one clock; `null` means unlimited.
 *
 * Until the provider first refuses, calls ramp up gently, so that a limit shows after some calls
 * rather than after all of them. Once it refuses:
 * - nobody calls before the time that the provider named;
 * - the rate of accepted calls until then becomes the pace. A refusal at that pace lowers it a
 * little. Without one, the pace stays for a while and then doubles repeatedly until it is
 * forgotten. It probes late and then fast, because a refusal costs a whole pause (the idea of RFC
 * 9438, CUBIC: stay near the last limit for long, then leave it quickly);
 * - a pace learned from a handful of calls may be far too low, so it starts doubling at once (slow
 * start, RFC 5681);
 * - if the first call after a pause is refused while others run, the provider limits concurrency:
 * the number of running calls becomes the limit, which grows back in the same way.
 */
export interface RateState {
  holdUntil: number
  /** Calls per second that were acceptable at `pacedAt`. */
  pace: number | null
  pacedAt: number
  /** How long the pace stays unchanged, and how long it then takes to double. */
  trustMs: number
  doublesMs: number
  /** When the last call was due by the pace; slightly in the past if calls started late. */
  lastStartAt: number
  /** When calls started again after a quiet period. */
  openedAt: number
  /** Concurrent calls that were acceptable at `limitedAt`. */
  limit: number | null
  limitedAt: number
  /**
   * A round starts when the hold of the previous one is over, and ends with the hold that its
   * refusals cause.
   */
  round: { since: number; refused: Refusals | null }
  /** Accepted calls of the last minute, oldest first, in buckets. */
  taken: Taken[]
  /** Consecutive rounds in which no call was accepted. */
  badRounds: number
}

/** The refusals of one round. */
interface Refusals {
  /** When the first refused call that we heard of was sent. */
  startedAt: number
  /** How long it asked us to wait. */
  holdMs: number
  /** Calls that were running when it was refused, including itself, minus those refused later. */
  running: number
}

/** How much a late timer may catch up. More would be a burst, and some limits allow none. */
const CATCH_UP_MS = 50
const LEAST_WAIT_MS = 10
/** Floating-point times are exact to about a microsecond, and a call that is due must not wait. */
const ROUNDING = 0.001
/** Calls start with 20 at once; 100 have begun after 0.3 s and 1,000 after 1 s. */
const OPENING_BURST = 20
const OPENING_PACE = 200
const OPENING_DOUBLES_MS = 250
const QUIET_MS = 10_000
/** Fewer calls than this say little about the pace. */
const FEW_CALLS = 15
/**
 * How long a pace stays and then takes to double, in multiples of the pause that a refusal costs.
 */
const TRUST_FACTOR = 10
const DOUBLES_FACTOR = 2
const SLOW_START_FACTOR = 0.75
/** A pace that is confirmed again stays longer. */
const CONFIRMED = 0.8
const MOST_TRUST_MS = 60_000
const LIMIT_TRUST_MS = 10_000
const LIMIT_DOUBLES_MS = 3_000
/** Once it has grown by this factor, a pace is forgotten. */
const FORGOTTEN = 64
/** Stay somewhat below the limit: calls that start evenly do not arrive evenly. */
const MARGIN = 0.95
/** The most that a pace falls when only a few calls speak against it. */
const MOST_FALL = 0.3
/** The share of these changes that applies if refusals ask for next to no pause. */
const LEAST_SHARE = 0.15
const SLOWEST_PACE = 1 / 60
/** Limits over windows shorter than a second are not considered. */
const LEAST_WINDOW_MS = 1_000
/** Shorter pauses teach nothing. */
const SHORTEST_HOLD_MS = 100
/** Pauses up to this may come from a per-second limit. */
const LONGEST_SHORT_HOLD_MS = 3_000
const FIRST_HOLD_MS = 1_000
const LONGEST_HOLD_MS = 60_000

export function newRateState(now: number): RateState {
  return {
    holdUntil: 0,
    pace: null,
    pacedAt: now,
    trustMs: 0,
    doublesMs: LEAST_WINDOW_MS,
    lastStartAt: now - QUIET_MS - 1,
    openedAt: now,
    limit: null,
    limitedAt: now,
    round: { since: now, refused: null },
    taken: [],
    badRounds: 0,
  }
}

/**
 * How many waiting calls may begin now. `waitMs` is when to ask again; `null` if nothing waits, or
 * if only the end of a running call can help.
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
  const limit = callsAtOnce(state, now)
  const pace = paceAt(state, now)
  if (limit === null) state.limit = null
  if (pace === null) state.pace = null

  const free = limit === null ? calls.waiting : limit - calls.running
  const room = Math.min(calls.waiting, Math.max(free, calls.running === 0 ? 1 : 0))
  if (room === 0) return { state, granted: 0, waitMs: null }
  const isOpening = pace === null && now - state.lastStartAt > QUIET_MS
  if (isOpening) state.openedAt = now
  const interval =
    1_000 / (pace ?? OPENING_PACE * 2 ** ((now - state.openedAt) / OPENING_DOUBLES_MS))
  const last = isOpening
    ? now - OPENING_BURST * interval
    : Math.max(state.lastStartAt, now - CATCH_UP_MS - interval)
  const granted = Math.min(room, Math.max(0, Math.floor((now - last) / interval + ROUNDING)))
  state.lastStartAt = last + granted * interval
  const waitMs = Math.ceil(state.lastStartAt + interval - now)
  return {
    state: { ...state, taken: withTaken(state.taken, now, granted, state.round.since) },
    granted,
    // Soon enough to notice that the pace has grown, but not for every single call at a fast pace.
    waitMs: granted < room ? Math.min(1_000, Math.max(waitMs, LEAST_WAIT_MS)) : null,
  }
}

/** The current limit of concurrent calls; `null` if there is none. */
export function callsAtOnce(state: RateState, now: number): number | null {
  if (state.limit === null) return null
  const limit = grown(state.limit, now - state.limitedAt, LIMIT_TRUST_MS, LIMIT_DOUBLES_MS)
  return limit === null ? null : Math.floor(limit)
}

/** The current pace in calls per second; `null` if there is none. */
function paceAt({ pace, pacedAt, trustMs, doublesMs }: RateState, now: number): number | null {
  return pace === null ? null : grown(pace, now - pacedAt, trustMs, doublesMs)
}

/**
 * Updates the state when a call that began at `startedAt` ends. `running` includes the call itself.
 */
export function endCall(
  state: RateState,
  now: number,
  call: CallOutcome & { startedAt: number; running: number },
): RateState {
  const { since, refused } = state.round
  // A call from an earlier round only confirms what that round already showed.
  const isOfThisRound = call.startedAt >= since
  switch (call.status) {
    case 'failed':
    case 'ok':
      return state
    case 'rate-limited':
    case 'overloaded': {
      const less = { ...state, taken: withoutRefused(state.taken, call.startedAt) }
      const holdMs = holdMsOf(less, call.retryAfterMs)
      const next = { ...less, holdUntil: Math.max(state.holdUntil, now + holdMs) }
      if (!isOfThisRound) return next
      const first = refused ?? { startedAt: call.startedAt, holdMs, running: call.running }
      const startedAt = Math.min(first.startedAt, call.startedAt)
      const refusals = { ...first, startedAt, running: first.running - 1 }
      return { ...next, round: { since, refused: refusals } }
    }
  }
}

/**
 * A copy of the state. If the hold is over, a new round starts with what the previous one taught.
 */
function afterHold(before: RateState, now: number): RateState {
  const { refused } = before.round
  if (refused === null) return { ...before }
  const count = countFrom(before.taken, before.round.since)
  const state: RateState = {
    ...before,
    round: { since: now, refused: null },
    badRounds: count === 0 ? before.badRounds + 1 : 0,
  }
  const { running } = refused
  if (running > 0 && (count === 0 || (state.limit !== null && running >= state.limit))) {
    // At most as many as were running, however long no other call has begun.
    return paced({ ...state, limit: running, limitedAt: now }, now)
  }
  const current = paceAt(state, refused.startedAt)
  if (current === null) return paced({ ...state, ...firstPace(state, refused, count) }, now)
  if (count === 0) return paced(state, now)
  return paced({ ...state, ...lowerPace(state, refused, count, current) }, now)
}

type Pace = Pick<RateState, 'pace' | 'trustMs' | 'doublesMs'>

/** Derives a pace from the calls accepted before the first refusal. */
function firstPace({ taken }: RateState, refused: Refusals, count: number): Pace {
  const until = endOfTaken(taken, refused.startedAt)
  // Providers with per-second limits often ask for whole seconds of waiting.
  const isShort = refused.holdMs <= LONGEST_SHORT_HOLD_MS
  const windowMs = isShort ? LEAST_WINDOW_MS : refused.holdMs
  const measured = fastest(taken, (from) => {
    const lengthMs = until - from
    return isShort && lengthMs < windowMs ? windowMs : lengthMs + windowMs
  })
  // Per-minute limits ask for longer holds than per-second limits, and need more patience.
  const patienceMs = Math.max(LEAST_WINDOW_MS, refused.holdMs)
  // At least one call per requested hold time.
  const least = 1_000 / Math.max(SHORTEST_HOLD_MS, refused.holdMs)
  const pace = Math.max(SLOWEST_PACE, MARGIN * Math.max(measured, least))
  return count < FEW_CALLS
    ? { pace, trustMs: 0, doublesMs: SLOW_START_FACTOR * patienceMs }
    : { pace, trustMs: TRUST_FACTOR * patienceMs, doublesMs: DOUBLES_FACTOR * patienceMs }
}

/** The recently accepted rate, or slightly less than the one that was refused. */
function lowerPace(state: RateState, refused: Refusals, count: number, current: number): Pace {
  const windowMs = Math.max(LEAST_WINDOW_MS, refused.holdMs)
  const until = endOfTaken(state.taken, refused.startedAt)
  const measured = (1_000 * takenSince(state.taken, until - windowMs)) / windowMs
  // If a refusal costs little, the pace drops little; repeated refusals soon have the same effect.
  const share = Math.min(1, Math.max(LEAST_SHARE, refused.holdMs / LEAST_WINDOW_MS))
  const most = current * (1 - share * (1 - MARGIN))
  const least = current * (1 - share * (count < FEW_CALLS ? MOST_FALL : 1))
  const pace = Math.max(SLOWEST_PACE, Math.min(most, Math.max(least, MARGIN * measured)))
  const trustMs = TRUST_FACTOR * windowMs
  const isConfirmed = state.trustMs > 0 && pace > CONFIRMED * (state.pace ?? pace)
  const moreTrustMs = Math.min(2 * state.trustMs, MOST_TRUST_MS)
  return {
    pace,
    trustMs: isConfirmed ? Math.max(trustMs, moreTrustMs) : trustMs,
    doublesMs: DOUBLES_FACTOR * windowMs,
  }
}

/** Restarts the pace evenly, with one call: what was missed during the hold is not made up for. */
function paced(state: RateState, now: number): RateState {
  const lastStartAt = state.pace === null ? state.lastStartAt : now - 1_000 / state.pace
  return { ...state, pacedAt: now, lastStartAt }
}

/** The value after `ms` without a refusal; `null` once it no longer matters. */
function grown(value: number, ms: number, trustMs: number, doublesMs: number): number | null {
  const factor = 2 ** (Math.max(0, ms - trustMs) / doublesMs)
  return factor > FORGOTTEN ? null : value * factor
}

/** What the provider asked for, or longer each time if that proves too short. */
function holdMsOf(state: RateState, retryAfterMs: number | undefined): number {
  const badRounds = countFrom(state.taken, state.round.since) > 0 ? 0 : state.badRounds
  if (retryAfterMs === undefined) {
    return Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** badRounds)
  }
  return Math.max(retryAfterMs, Math.min(FIRST_HOLD_MS, 10 * 2 ** badRounds))
}
