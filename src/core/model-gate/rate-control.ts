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
 * What is known of how many calls one model takes: plain data, so that it can be kept in one process
 * or shared by many. Times are milliseconds on one clock, `null` means unlimited.
 *
 * Until the provider first refuses, calls ramp up gently: this many at once, and then more and more,
 * so that a limit shows after some calls and not after all. Once it refuses:
 * - nobody calls before the time that the provider named;
 * - the rate of calls it took until then becomes the pace. A refusal at that pace lowers it a little.
 *   Without one it stays for a while and then doubles again and again until it is forgotten: it probes
 *   late and then fast, because a refusal costs a whole pause (the idea of RFC 9438, CUBIC: stay near
 *   the last limit for long, leave it quickly);
 * - a pace learned of a handful of calls may be far too low, and doubles at once (slow start, RFC 5681);
 * - where the first call after a pause is refused while others run, it is their number that the provider
 *   does not pass: this becomes a limit of calls at once, which grows back in the same way.
 */
export interface RateState {
  holdUntil: number
  /** Calls a second that were right at `pacedAt`. */
  pace: number | null
  pacedAt: number
  /** How long the pace stays as it is, and how long it then takes to double. */
  trustMs: number
  doublesMs: number
  /** When the last call began, by the pace; a little in the past where calls came late. */
  lastStartAt: number
  /** When calls set in after a quiet time. */
  openedAt: number
  /** Calls at once that were right at `limitedAt`. */
  limit: number | null
  limitedAt: number
  /** Begins when the hold of the one before is over; ends with the hold that its refusals bring. */
  round: { since: number; refused: Refusals | null }
  /** Calls of the last minute that were begun and not refused, oldest first, in buckets. */
  taken: Taken[]
  /** Rounds in a row of which no call was taken. */
  badRounds: number
}

/** The refusals of one round. */
interface Refusals {
  /** When the first of them to be heard of was sent. */
  startedAt: number
  /** How long it asked to wait. */
  holdMs: number
  /** Calls that ran when it was heard of, itself among them, less those that were refused later. */
  running: number
}

/** Starts that a late timer may make up for. More would be a burst, and some limits know none. */
const CATCH_UP_MS = 50
const LEAST_WAIT_MS = 10
/** Times of today are exact to less than a microsecond only, and a call that is due must not wait. */
const ROUNDING = 0.001
/** Calls set in with 20 at once; 100 have begun after 0.3 s and 1,000 after 1 s. */
const OPENING_BURST = 20
const OPENING_PACE = 200
const OPENING_DOUBLES_MS = 250
const QUIET_MS = 10_000
/** Fewer calls than this say little of the pace. */
const FEW_CALLS = 15
/** How long a pace stays and then takes to double, in pauses of the kind that a refusal costs. */
const TRUST_FACTOR = 10
const DOUBLES_FACTOR = 2
const SLOW_START_FACTOR = 0.75
/** A pace that proves right again stays longer. */
const CONFIRMED = 0.8
const MOST_TRUST_MS = 60_000
const LIMIT_TRUST_MS = 10_000
const LIMIT_DOUBLES_MS = 3_000
/** A pace that has grown this much says nothing any more. */
const FORGOTTEN = 64
/** A pace somewhat below the limit: what begins evenly does not arrive so. */
const MARGIN = 0.95
/** By how much a pace falls at most that few calls speak against. */
const MOST_FALL = 0.3
/** Of all that, for refusals that ask for next to no pause. */
const LEAST_SHARE = 0.15
const SLOWEST_PACE = 1 / 60
/** Limits by less than a second are not looked for. */
const LEAST_WINDOW_MS = 1_000
/** Nothing is learned of shorter pauses. */
const SHORTEST_HOLD_MS = 100
/** Pauses up to this may come from a limit by the second. */
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
    // In time to notice that the pace has grown; not for every single call of a fast one.
    waitMs: granted < room ? Math.min(1_000, Math.max(waitMs, LEAST_WAIT_MS)) : null,
  }
}

/** Calls at once that are right now; `null` where nothing limits them. */
export function callsAtOnce(state: RateState, now: number): number | null {
  if (state.limit === null) return null
  const limit = grown(state.limit, now - state.limitedAt, LIMIT_TRUST_MS, LIMIT_DOUBLES_MS)
  return limit === null ? null : Math.floor(limit)
}

/** Calls a second that are right now; `null` where nothing limits them. */
function paceAt({ pace, pacedAt, trustMs, doublesMs }: RateState, now: number): number | null {
  return pace === null ? null : grown(pace, now - pacedAt, trustMs, doublesMs)
}

/** What the end of a call, begun at `startedAt`, changes. `running` counts the call itself. */
export function endCall(
  state: RateState,
  now: number,
  call: CallOutcome & { startedAt: number; running: number },
): RateState {
  const { since, refused } = state.round
  // One that began before this round says what the round before already knew.
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

/** A copy of the state, in a new round with what the one that ended teaches where its hold is over. */
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
    // Not one more than those that run, however long nobody began another.
    return paced({ ...state, limit: running, limitedAt: now }, now)
  }
  const current = paceAt(state, refused.startedAt)
  if (current === null) return paced({ ...state, ...firstPace(state, refused, count) }, now)
  if (count === 0) return paced(state, now)
  return paced({ ...state, ...lowerPace(state, refused, count, current) }, now)
}

type Pace = Pick<RateState, 'pace' | 'trustMs' | 'doublesMs'>

/** What was taken before the provider first refused. */
function firstPace({ taken }: RateState, refused: Refusals, count: number): Pace {
  const until = endOfTaken(taken, refused.startedAt)
  // Providers that count by the second often ask for whole seconds more.
  const isShort = refused.holdMs <= LONGEST_SHORT_HOLD_MS
  const windowMs = isShort ? LEAST_WINDOW_MS : refused.holdMs
  const measured = fastest(taken, (from) => {
    const lengthMs = until - from
    return isShort && lengthMs < windowMs ? windowMs : lengthMs + windowMs
  })
  // Limits by the minute ask for longer holds than limits by the second, and for more patience.
  const patienceMs = Math.max(LEAST_WINDOW_MS, refused.holdMs)
  // At the least one call for each time that it asks to wait so long.
  const least = 1_000 / Math.max(SHORTEST_HOLD_MS, refused.holdMs)
  const pace = Math.max(SLOWEST_PACE, MARGIN * Math.max(measured, least))
  return count < FEW_CALLS
    ? { pace, trustMs: 0, doublesMs: SLOW_START_FACTOR * patienceMs }
    : { pace, trustMs: TRUST_FACTOR * patienceMs, doublesMs: DOUBLES_FACTOR * patienceMs }
}

/** What was taken lately, and a little less than what was refused. */
function lowerPace(state: RateState, refused: Refusals, count: number, current: number): Pace {
  const windowMs = Math.max(LEAST_WINDOW_MS, refused.holdMs)
  const until = endOfTaken(state.taken, refused.startedAt)
  const measured = (1_000 * takenSince(state.taken, until - windowMs)) / windowMs
  // A refusal that costs little is followed by little; many soon come to the same.
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

/** Begins with one call, evenly: what was missed in the hold is not made up for. */
function paced(state: RateState, now: number): RateState {
  const lastStartAt = state.pace === null ? state.lastStartAt : now - 1_000 / state.pace
  return { ...state, pacedAt: now, lastStartAt }
}

/** The value after `ms` without a refusal; `null` once it no longer matters. */
function grown(value: number, ms: number, trustMs: number, doublesMs: number): number | null {
  const factor = 2 ** (Math.max(0, ms - trustMs) / doublesMs)
  return factor > FORGOTTEN ? null : value * factor
}

/** The provider's word, but longer each time where it is too short to help. */
function holdMsOf(state: RateState, retryAfterMs: number | undefined): number {
  const badRounds = countFrom(state.taken, state.round.since) > 0 ? 0 : state.badRounds
  if (retryAfterMs === undefined) {
    return Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** badRounds)
  }
  return Math.max(retryAfterMs, Math.min(FIRST_HOLD_MS, 10 * 2 ** badRounds))
}
