/** Admits up to `atOnce` at a time; the others wait, first come, first served. */
export function slots(atOnce: number): {
  /** @throws The signal's reason, when it aborts first. */
  enter(signal: AbortSignal): Promise<() => void>
} {
  let free = atOnce
  const waiting = new Set<() => void>()
  const leave = () => {
    const [next] = waiting
    if (next === undefined) free += 1
    // The slot is handed over directly, so that nobody can take it in between.
    else next()
  }
  return {
    async enter(signal) {
      signal.throwIfAborted()
      if (free > 0) {
        free -= 1
        return leave
      }
      const turn = Promise.withResolvers<void>()
      const give = () => {
        waiting.delete(give)
        turn.resolve()
      }
      const abort = () => {
        waiting.delete(give)
        turn.reject(signal.reason)
      }
      waiting.add(give)
      signal.addEventListener('abort', abort, { once: true })
      try {
        await turn.promise
        return leave
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
  }
}
