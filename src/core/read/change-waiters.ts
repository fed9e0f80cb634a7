import type { Wait } from '../contract/api.ts'
import type { ChangeFeed, ChangeMessage } from '../ports/event-log.ts'
import type { Clock } from '../timing/clock.ts'
import { untilAborted } from '../timing/until-aborted.ts'

/** Callers of this process that wait for changes of plans. They share one subscription. */
export interface ChangeWaiters {
  /**
   * Calls `read`, again after each change that `concerns` it, until it has an answer. Resolves to
   * `undefined` if the wait ends first.
   */
  until<T>(
    planId: string,
    concerns: (change: ChangeMessage['changes'][number]) => boolean,
    read: () => Promise<T | undefined>,
    wait: Wait,
  ): Promise<T | undefined>
  /** Calls back on every change of a plan, and when some may have been missed. */
  watch(planId: string, onChange: () => void): () => void
  readonly size: number
}

interface Watcher {
  concerns: (change: ChangeMessage['changes'][number]) => boolean
  wake: () => void
}

export function changeWaiters(feed: ChangeFeed, now: Clock): ChangeWaiters {
  const plans = new Map<string, Set<Watcher>>()
  let size = 0

  feed.onChange((message) => {
    if (message === undefined) {
      for (const watchers of plans.values()) for (const watcher of watchers) watcher.wake()
      return
    }
    const watchers = plans.get(message.planId)
    if (watchers === undefined) return
    const gone = message.changes.some(({ type }) => type === 'plan.deleted')
    for (const watcher of watchers) {
      if (gone || message.changes.some(watcher.concerns)) watcher.wake()
    }
  })

  function add(planId: string, watcher: Watcher): () => void {
    const watchers = plans.get(planId) ?? new Set<Watcher>()
    watchers.add(watcher)
    plans.set(planId, watchers)
    size += 1
    return () => {
      if (!watchers.delete(watcher)) return
      size -= 1
      if (watchers.size === 0 && plans.get(planId) === watchers) plans.delete(planId)
    }
  }

  return {
    async until(planId, concerns, read, wait) {
      const deadline = now() + wait.timeoutMs
      let woken = false
      let wake: () => void = () => undefined
      const remove = add(planId, {
        concerns,
        wake: () => {
          woken = true
          wake()
        },
      })
      try {
        while (true) {
          // Start listening before reading, so that no change in between is missed.
          woken = false
          const answer = await read()
          if (answer !== undefined) return answer
          const left = deadline - now()
          if (left <= 0 || wait.signal.aborted) return undefined
          if (woken) continue
          const over = Promise.withResolvers<void>()
          wake = over.resolve
          const timer = setTimeout(over.resolve, left)
          // An abort ends the wait without an answer.
          await untilAborted(over.promise, wait.signal).catch(() => undefined)
          clearTimeout(timer)
        }
      } finally {
        remove()
      }
    },
    watch: (planId, onChange) => add(planId, { concerns: () => true, wake: onChange }),
    get size() {
      return size
    },
  }
}
