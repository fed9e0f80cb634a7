import type { Clock } from '../timing/clock.ts'
import { untilAborted } from '../timing/until-aborted.ts'

/**
 * Sends the first of many calls with the same long prefix ahead, so that the others find it in the
 * provider's cache: it can be read from there only once the first answer has begun.
 */
export interface PrefixGate {
  /**
   * Resolves at once for the first caller of `key` and where the prefix is known to be cached, else
   * once it is, or the caller ahead has given up. Rejects with the signal's reason when it aborts.
   */
  enter(key: string, signal: AbortSignal): Promise<PrefixTurn>
}

export interface PrefixTurn {
  /** The call is sent. Until then nobody loses patience: all wait for the same provider. */
  began(): void
  /** The answer has begun. May be called again, and by those that did not go ahead. */
  warm(): void
  /** The call gave no answer: somebody else goes ahead. Does nothing after `warm`. */
  giveUp(): void
}

/** What other processes do with the same prefixes. */
export interface PrefixMarks {
  /** `token` names one turn: claimed again with the same one, it is still that turn's. */
  claim(
    key: string,
    token: string,
  ): Promise<
    { status: 'lead' } | { status: 'warm'; forMs: number } | { status: 'led'; calling: boolean }
  >
  /** Keeps the lead for `LEAD_MS` more; otherwise the next process to claim it gets it. */
  hold(key: string, token: string, calling: boolean): Promise<void>
  warm(key: string, forMs: number): Promise<void>
  leave(key: string, token: string): Promise<void>
}

/** How long the lead of a process that died lasts. */
export const LEAD_MS = 10_000
const RENEW_MS = LEAD_MS / 3
/** How long providers keep a prefix that nobody reads, less a margin. */
const KEPT_MS = 4.5 * 60_000
/** Reading a prefix extends its life; how often that is recorded. */
const NOTED_MS = 30_000
/** Nobody waits longer for a call that is on its way: a cold cache costs less than that. */
const PATIENCE_MS = 30_000
/** How soon is noticed what a call of another process did. */
const POLL_MS = 100

interface Prefix {
  warmUntil: number
  /** Somebody in this process is ahead, or asks whether one elsewhere is. */
  taken: boolean
  /** The call ahead, here or elsewhere, is on its way. */
  calling: boolean
  waiting: Set<() => void>
}

/** One of this process asks `marks` for all that wait here, so that many that wait cost no more. */
export function prefixGate(options: {
  now: Clock
  marks?: PrefixMarks
  newToken?: () => string
  /** The marks could not be read or set: calls go on without. */
  onFault?: (error: unknown) => void
}): PrefixGate {
  const { marks, now, newToken = () => crypto.randomUUID() } = options
  const prefixes = new Map<string, Prefix>()
  const fault = (error: unknown): void => options.onFault?.(error)

  /** Without a store that answers, the caller goes ahead. */
  async function claimed(marks: PrefixMarks, key: string, token: string, signal: AbortSignal) {
    const claim = marks.claim(key, token)
    try {
      return await untilAborted(claim, signal)
    } catch (error) {
      if (signal.aborted) {
        claim.then(() => marks.leave(key, token)).catch(fault)
        throw signal.reason
      }
      fault(error)
      return { status: 'lead' as const }
    }
  }

  /** Whether the caller, who alone may ask, goes ahead; waits while another process does. */
  async function ask(
    key: string,
    prefix: Prefix,
    token: string,
    patience: Patience,
    signal: AbortSignal,
  ): Promise<'lead' | 'warm' | 'late'> {
    if (marks === undefined) return 'lead'
    while (!patience.isOver()) {
      const answer = await claimed(marks, key, token, signal)
      if (answer.status === 'lead') return 'lead'
      if (answer.status === 'warm') {
        prefix.warmUntil = Math.max(prefix.warmUntil, now() + answer.forMs)
        return 'warm'
      }
      prefix.calling = answer.calling
      await patience.wait(POLL_MS)
    }
    return 'late'
  }

  function turn(key: string, prefix: Prefix, token: string | undefined): PrefixTurn {
    let leads = token !== undefined
    const renew =
      marks === undefined || token === undefined
        ? undefined
        : setInterval(() => void marks.hold(key, token, prefix.calling).catch(fault), RENEW_MS)
    const end = () => {
      clearInterval(renew)
      if (leads) settle(prefix)
      leads = false
    }
    return {
      began() {
        if (!leads) return
        prefix.calling = true
        wakeAll(prefix)
        if (token !== undefined) marks?.hold(key, token, true).catch(fault)
      },
      warm() {
        const warmUntil = now() + KEPT_MS
        if (leads || warmUntil - prefix.warmUntil > NOTED_MS) {
          prefix.warmUntil = warmUntil
          marks?.warm(key, KEPT_MS).catch(fault)
        }
        end()
      },
      giveUp() {
        if (leads && token !== undefined) marks?.leave(key, token).catch(fault)
        end()
      },
    }
  }

  return {
    async enter(key, signal) {
      signal.throwIfAborted()
      forgetCold(prefixes, now())
      const prefix = prefixes.get(key) ?? {
        warmUntil: 0,
        taken: false,
        calling: false,
        waiting: new Set(),
      }
      prefixes.set(key, prefix)
      const patience = patienceWith(prefix, now, signal)
      while (now() >= prefix.warmUntil && !patience.isOver()) {
        if (prefix.taken) {
          await patience.wait(PATIENCE_MS)
          continue
        }
        prefix.taken = true
        const token = newToken()
        let answer: 'lead' | 'warm' | 'late' | undefined
        try {
          answer = await ask(key, prefix, token, patience, signal)
        } finally {
          if (answer !== 'lead') settle(prefix)
        }
        if (answer === 'lead') return turn(key, prefix, token)
      }
      return turn(key, prefix, undefined)
    },
  }
}

interface Patience {
  isOver(): boolean
  /** Resolves after so long, or as soon as something changed. Rejects with the signal's reason. */
  wait(ms: number): Promise<void>
}

/** Only time in which the call ahead is on its way counts. */
function patienceWith(prefix: Prefix, now: () => number, signal: AbortSignal): Patience {
  let leftMs = PATIENCE_MS
  return {
    isOver: () => leftMs <= 0,
    async wait(ms) {
      const since = now()
      const counts = prefix.calling
      await woken(prefix, Math.min(ms, leftMs), signal)
      if (counts) leftMs -= now() - since
    },
  }
}

function settle(prefix: Prefix): void {
  prefix.taken = false
  prefix.calling = false
  wakeAll(prefix)
}

function wakeAll(prefix: Prefix): void {
  for (const wake of prefix.waiting) wake()
}

/** Resolves after the time, or as soon as something changed. */
async function woken(prefix: Prefix, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve: wake } = Promise.withResolvers<void>()
  const timer = setTimeout(wake, ms)
  prefix.waiting.add(wake)
  try {
    await untilAborted(promise, signal)
  } finally {
    clearTimeout(timer)
    prefix.waiting.delete(wake)
  }
}

function forgetCold(prefixes: Map<string, Prefix>, now: number): void {
  for (const [key, prefix] of prefixes) {
    if (!prefix.taken && prefix.waiting.size === 0 && prefix.warmUntil <= now) prefixes.delete(key)
  }
}
