// How many tasks a process runs at the same time, and whose turn it is.

/** `bulk`: tasks of a plan with more tasks than the process has slots; `io`: all others. */
export type SlotKind = 'io' | 'bulk'

export interface Slots {
  /**
   * Waits for a free slot. The returned function frees it, and may be called more than once.
   * `undefined` if the signal aborts first.
   */
  acquire(kind: SlotKind, signal: AbortSignal): Promise<(() => void) | undefined>
  /**
   * Resolves once another job should be fetched: a slot is free and no task of this kind is
   * waiting.
   */
  readyForMore(kind: SlotKind): Promise<void>
  /** Whether another job should be fetched now. */
  wantsMore(kind: SlotKind): boolean
  readonly total: number
  readonly used: number
}

/**
 * Reserves a twentieth of the slots for small plans, so that they start at once behind a large one,
 * and a tenth for a waiting large plan, so that it continues during a stream of small ones.
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

  // Whether a large plan's job may take the free slot only shows once it has been fetched: its plan
  // may be one that fits. If it may not, it waits, and no other is fetched until it has moved on.
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
      // A waiter in `bulk` changes what `io` may take, but not the other way round.
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
