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
  /** The answer has begun. May be called again, and by those that did not go ahead. */
  warm(): void
  /** The call gave no answer: somebody else goes ahead. Does nothing after `warm`. */
  giveUp(): void
}

/** How long providers keep a prefix that nobody reads, less a margin. */
const KEPT_MS = 4.5 * 60_000
/** Nobody waits longer for the one ahead: a cold cache costs less than that. */
const PATIENCE_MS = 30_000

interface Prefix {
  warmUntil: number
  /** Somebody is ahead. */
  led: boolean
  waiting: Set<() => void>
}

/** For the calls of this process. */
export function localPrefixGate(now: () => number = Date.now): PrefixGate {
  const prefixes = new Map<string, Prefix>()

  return {
    async enter(key, signal) {
      signal.throwIfAborted()
      forgetCold(prefixes, now())
      const prefix = prefixes.get(key) ?? { warmUntil: 0, led: false, waiting: new Set() }
      prefixes.set(key, prefix)
      const patience = now() + PATIENCE_MS
      while (prefix.led && now() >= prefix.warmUntil && now() < patience) {
        await turnOf(prefix, patience - now(), signal)
      }
      const leads = !prefix.led && now() >= prefix.warmUntil
      if (leads) prefix.led = true
      let isOpen = true
      const end = (warmUntil: number) => {
        if (warmUntil > 0) prefix.warmUntil = warmUntil
        if (leads && isOpen) prefix.led = false
        isOpen = false
        for (const wake of prefix.waiting) wake()
      }
      return {
        warm: () => end(now() + KEPT_MS),
        giveUp: () => {
          if (isOpen) end(0)
        },
      }
    },
  }
}

function turnOf(prefix: Prefix, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      prefix.waiting.delete(end)
      signal.removeEventListener('abort', end)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(end, ms)
    prefix.waiting.add(end)
    signal.addEventListener('abort', end, { once: true })
  })
}

function forgetCold(prefixes: Map<string, Prefix>, now: number): void {
  for (const [key, prefix] of prefixes) {
    if (!prefix.led && prefix.waiting.size === 0 && prefix.warmUntil <= now) prefixes.delete(key)
  }
}
