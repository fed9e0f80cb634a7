import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { CallOutcome, ModelGate, Permit } from '../core/model-gate/gate.ts'
import { endCall, startCalls } from '../core/model-gate/rate-control.ts'
import type { KeySpace } from './keys.ts'
import { type ModelCalls, type ReadCalls, redisModelCallStore } from './model-calls.ts'
import type { RedisClient } from './redis/connect-redis.ts'

/** How long the calls of a dead process still count. */
const LEASE_MS = 15_000
const RENEW_MS = LEASE_MS / 3
/** How quickly the end of another process's call is noticed if only that can help. */
const POLL_MS = 100
/** After losing this many races for one change, a process backs off for a moment. */
const LOST_RACES = 3

interface Waiter {
  grant(permit: Permit): void
}

type End = CallOutcome & { startedAt: number }

/** This process's calls of one model, all served by one loop. */
interface Lane {
  key: string
  running: number
  waiting: Waiter[]
  ended: End[]
  seen: ReadCalls | undefined
  turning: boolean
  /** Something happened since the loop last looked. */
  stirred: boolean
  timer: NodeJS.Timeout | undefined
}

/**
 * A gate for the calls of all processes that share a Redis. Everything known about a model is one
 * value in Redis, changed by whoever read it last, so that all keep to one pace and one limit. Each
 * process counts its running calls under a lease, and has one loop per model however many calls
 * wait.
 *
 * Commands on `redis` must wait while it is down; calls then wait too.
 */
export function redisModelGate(options: {
  redis: RedisClient
  space: KeySpace
  random?: () => number
  onFault: (error: unknown, key: string) => void
}): ModelGate & { close(): void } {
  const { random = Math.random, onFault } = options
  const store = redisModelCallStore(options)
  const processId = randomUUID()
  const lanes = new Map<string, Lane>()
  /** How far Redis's clock is ahead of this process's. */
  let aheadMs = 0
  let closed = false

  function laneOf(key: string): Lane {
    const known = lanes.get(key)
    if (known !== undefined) return known
    const lane: Lane = {
      key,
      running: 0,
      waiting: [],
      ended: [],
      seen: undefined,
      turning: false,
      stirred: false,
      timer: undefined,
    }
    lanes.set(key, lane)
    return lane
  }

  function stir(lane: Lane): void {
    lane.stirred = true
    if (lane.turning || closed) return
    lane.turning = true
    void turn(lane)
  }

  /** Runs until there is nothing left but to wait. Never rejects. */
  async function turn(lane: Lane): Promise<void> {
    clearTimeout(lane.timer)
    lane.timer = undefined
    let waitMs: number | null = null
    try {
      while (lane.stirred) {
        lane.stirred = false
        waitMs = await step(lane)
      }
    } catch (error) {
      if (closed) return
      onFault(error, lane.key)
      lane.seen = undefined
      waitMs = 1_000
    }
    lane.turning = false
    if (closed) return
    if (lane.stirred) return stir(lane)
    const dueMs = lane.running > 0 ? RENEW_MS : null
    const nextMs = waitMs === null ? dueMs : Math.min(waitMs, dueMs ?? waitMs)
    if (nextMs !== null) lane.timer = setTimeout(stir, nextMs, lane)
  }

  /** Reports the calls that have ended and begins those that may. Returns when to look again. */
  async function step(lane: Lane): Promise<number | null> {
    const ended = lane.ended.splice(0)
    let lostRaces = 0
    try {
      let seen = lane.seen ?? (await readNew(lane))
      let isNew = lane.seen === undefined
      while (true) {
        const plan = planned(lane, seen.calls, ended)
        if (!plan.isChange) {
          // Only the end of a call elsewhere can help, and what we read may be outdated.
          if (plan.isLimited && !isNew) {
            seen = await readNew(lane)
            isNew = true
            continue
          }
          return plan.waitMs
        }
        const sentAt = Date.now()
        const answer = await store.change(lane.key, seen, plan.calls)
        aheadMs = answer.now - (sentAt + Date.now()) / 2
        seen = answer.read
        lane.seen = seen
        isNew = true
        if (answer.done) {
          lane.running = plan.running
          ended.length = 0
          begin(lane, plan.granted, plan.calls.at)
          return plan.waitMs
        }
        lostRaces += 1
        if (lostRaces > LOST_RACES) await delay(random() * 2 * lostRaces)
      }
    } catch (error) {
      // Reported with the next step, or the ended calls would count for ever.
      lane.ended.unshift(...ended)
      throw error
    }
  }

  async function readNew(lane: Lane): Promise<ReadCalls> {
    const sentAt = Date.now()
    const { now, read } = await store.read(lane.key)
    aheadMs = now - (sentAt + Date.now()) / 2
    lane.seen = read
    return read
  }

  function planned(lane: Lane, before: ModelCalls, ended: readonly End[]) {
    // The clocks of processes differ slightly, but a model's time must never go backwards.
    const now = Math.max(before.at, Math.round(Date.now() + aheadMs))
    const others = Object.entries(before.processes).filter(
      ([id, { until }]) => id !== processId && until > now,
    )
    const elsewhere = others.reduce((sum, [, { running }]) => sum + running, 0)
    let { rate } = before
    let { running } = lane
    for (const end of ended) {
      rate = endCall(rate, now, { ...end, running: elsewhere + running })
      running -= 1
    }
    // Leaves what was freed here to the first process that looks, or a busy one would keep it all.
    const leaves = ended.length > 0 && rate.limit !== null && others.some(([, { waits }]) => waits)
    const waiting = lane.waiting.length
    const next = leaves
      ? { state: rate, granted: 0, waitMs: waiting > 0 ? jitter() : null }
      : startCalls(rate, now, { waiting, running: elsewhere + running })
    running += next.granted
    const isLimited = next.waitMs === null && waiting > next.granted
    const mine = { running, waits: waiting > next.granted, until: now + LEASE_MS }
    const isIdle = running === 0 && !mine.waits
    const known = before.processes[processId]
    const calls: ModelCalls = {
      rate: next.state,
      at: now,
      processes: Object.fromEntries(isIdle ? others : [...others, [processId, mine]]),
    }
    return {
      calls,
      running,
      granted: next.granted,
      isLimited,
      waitMs: isLimited ? jitter() : next.waitMs,
      isChange:
        ended.length > 0 ||
        next.granted > 0 ||
        // The end of a hold begins a round, once and for everybody.
        next.state.round.since !== before.rate.round.since ||
        (mine.waits && known?.waits !== true) ||
        (!isIdle && (known?.until ?? 0) < now + LEASE_MS - RENEW_MS),
    }
  }

  function jitter(): number {
    return POLL_MS * (0.2 + 0.8 * random())
  }

  function begin(lane: Lane, granted: number, startedAt: number): void {
    // Some callers may have given up; the calls granted to them end at once.
    const waiters = lane.waiting.splice(0, granted)
    for (const waiter of waiters) waiter.grant(permitFor(lane, startedAt))
    for (let spare = waiters.length; spare < granted; spare += 1) {
      lane.ended.push({ status: 'failed', startedAt })
    }
    if (lane.ended.length > 0) lane.stirred = true
  }

  function permitFor(lane: Lane, startedAt: number): Permit {
    return {
      async release(outcome) {
        lane.ended.push({ ...outcome, startedAt })
        stir(lane)
      },
    }
  }

  return {
    close() {
      closed = true
      for (const lane of lanes.values()) clearTimeout(lane.timer)
    },

    acquire(key, signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      const lane = laneOf(key)
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          grant(permit) {
            signal.removeEventListener('abort', onAbort)
            resolve(permit)
          },
        }
        const onAbort = () => {
          lane.waiting.splice(lane.waiting.indexOf(waiter), 1)
          reject(signal.reason)
          stir(lane)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        lane.waiting.push(waiter)
        stir(lane)
      })
    },
  }
}
