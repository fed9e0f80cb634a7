import type { Clock } from '../timing/clock.ts'
import { untilAborted } from '../timing/until-aborted.ts'

/**
 * Sends the first of many calls with the same long prefix ahead, so that the others can read the
 * prefix from the provider's cache, which is possible only once the first answer has begun.
 */
export interface PrefixGate {
  /**
   * Resolves at once for the first caller of `key`, and if the prefix is known to be cached.
   * Otherwise resolves once it is cached or the caller ahead has given up. Rejects with the
   * signal's reason when it aborts.
   */
  enter(key: string, signal: AbortSignal): Promise<PrefixTurn>
}

export interface PrefixTurn {
  /** The call has been sent. Waiting time counts only from here on. */
  began(): void
  /** The answer has begun. May be called repeatedly, also by callers that did not go ahead. */
  warm(): void
  /** The call gave no answer, so somebody else goes ahead. Does nothing after `warm`. */
  giveUp(): void
}

/** Coordinates prefixes with other processes. */
export interface PrefixMarks {
  /** `token` identifies one turn: claiming again with the same token keeps the lead. */
  claim(
    key: string,
    token: string,
  ): Promise<
    { status: 'lead' } | { status: 'warm'; forMs: number } | { status: 'led'; calling: boolean }
  >
  /** Extends the lead by `LEAD_MS`; when it lapses, the next process to claim it gets it. */
  hold(key: string, token: string, calling: boolean): Promise<void>
  warm(key: string, forMs: number): Promise<void>
  leave(key: string, token: string): Promise<void>
}

/** How long the lead of a dead process lasts. */
export const LEAD_MS = 10_000
const RENEW_MS = LEAD_MS / 3
/** How long providers keep an unused prefix, less a safety margin. */
const KEPT_MS = 4.5 * 60_000
/** Reading a prefix extends its life; this is how often we record that. */
const NOTED_MS = 30_000
/** The longest wait for a call that has been sent: beyond this, a cold cache is cheaper. */
const PATIENCE_MS = 30_000
/** How quickly this process notices what another one did. */
const POLL_MS = 100

interface Prefix {
  warmUntil: number
  /** Somebody in this process is ahead, or is asking whether another process is. */
  taken: boolean
  /** The call ahead, here or elsewhere, has been sent. */
  calling: boolean
  waiting: Set<() => void>
}

/**
 * One caller of this process asks `marks` on behalf of all, so that many waiting calls cost no more
 * than one.
 */
export function prefixGate(options: {
  now: Clock
  marks?: PrefixMarks
  newToken?: () => string
  /** The marks could not be read or written; calls go on without them. */
  onFault?: (error: unknown) => void
}): PrefixGate {
  const { marks, now, newToken = () => crypto.randomUUID() } = options
  const prefixes = new Map<string, Prefix>()
  const fault = (error: unknown): void => options.onFault?.(error)

  /** If the store does not answer, the caller goes ahead. */
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

  /**
   * Whether the caller goes ahead; waits while another process does. Only one caller may ask at a
   * time.
   */
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
  /** Resolves after `ms`, or as soon as something changes. Rejects with the signal's reason. */
  wait(ms: number): Promise<void>
}

/** Only the time during which the call ahead is running counts. */
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

/** Resolves after `ms`, or as soon as something changes. */
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
