// How many tasks one process runs at once, and whose turn it is.

/** `bulk`: tasks of a plan that has more of them than the process has slots; `io`: all others. */
export type SlotKind = 'io' | 'bulk'

export interface Slots {
  /**
   * Waits for a free slot; the answer gives it back, and may be called more than once. `undefined`
   * when the signal aborts before there is one.
   */
  acquire(kind: SlotKind, signal: AbortSignal): Promise<(() => void) | undefined>
  /** Resolves once another job should be fetched: a slot is free and no task of this kind waits. */
  readyForMore(kind: SlotKind): Promise<void>
  /** Whether that is so now. */
  wantsMore(kind: SlotKind): boolean
  readonly total: number
  readonly used: number
}

/**
 * A twentieth of the slots is kept from large plans, so that a small plan begins at once behind one;
 * and a tenth is kept for a large plan that waits, so that it goes on under a stream of small ones.
 */
export function createSlots(total: number): Slots {
  const keptFromBulk = total >= 20 ? Math.ceil(total / 20) : 0
  const keptForBulk = total >= 2 ? Math.max(1, Math.floor(total / 10)) : 0
  const used = { io: 0, bulk: 0 }
  const waiting: Record<SlotKind, (() => void)[]> = { io: [], bulk: [] }
  const watchers: Record<SlotKind, (() => void)[]> = { io: [], bulk: [] }

  function mayTake(kind: SlotKind): boolean {
    const free = total - used.io - used.bulk
    if (free <= 0) return false
    if (kind === 'bulk') return used.bulk < total - keptFromBulk && free > 0
    const owedToBulk = waiting.bulk.length > 0 ? Math.max(0, keptForBulk - used.bulk) : 0
    return free > owedToBulk
  }

  // Whether a job of a large plan may take the free slot shows only once it was fetched: its plan may
  // be one that fits. If it may not, it waits, and no other is fetched until it has gone on.
  function wantsMore(kind: SlotKind): boolean {
    if (waiting[kind].length > 0) return false
    return kind === 'bulk' ? used.io + used.bulk < total : mayTake(kind)
  }

  function settle(): void {
    let granted = true
    while (granted) {
      granted = false
      const bulkFirst = used.bulk < keptForBulk
      for (const kind of bulkFirst ? (['bulk', 'io'] as const) : (['io', 'bulk'] as const)) {
        const next = mayTake(kind) ? waiting[kind].shift() : undefined
        if (next === undefined) continue
        used[kind] += 1
        next()
        granted = true
        break
      }
    }
    for (const kind of ['io', 'bulk'] as const) {
      if (!wantsMore(kind)) continue
      for (const watcher of watchers[kind].splice(0)) watcher()
    }
  }

  function waitForSlot(kind: SlotKind, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const over = (granted: boolean) => {
        signal.removeEventListener('abort', giveUp)
        resolve(granted)
      }
      const next = () => over(true)
      const giveUp = () => {
        waiting[kind] = waiting[kind].filter((other) => other !== next)
        over(false)
        settle()
      }
      signal.addEventListener('abort', giveUp, { once: true })
      waiting[kind].push(next)
      // Someone who waits in `bulk` changes what `io` may take, never the other way round.
      settle()
    })
  }

  return {
    async acquire(kind, signal) {
      if (signal.aborted) return undefined
      if (waiting[kind].length === 0 && mayTake(kind)) used[kind] += 1
      else if (!(await waitForSlot(kind, signal))) return undefined
      let released = false
      return () => {
        if (released) return
        released = true
        used[kind] -= 1
        settle()
      }
    },
    async readyForMore(kind) {
      while (!wantsMore(kind)) {
        await new Promise<void>((resolve) => watchers[kind].push(resolve))
      }
    },
    wantsMore,
    total,
    get used() {
      return used.io + used.bulk
    },
  }
}
