import { isRedisAway } from './while-available.ts'

/** Calls and bytes per script: it must not block Redis for long. */
const MOST_AT_ONCE = 100
const MOST_BYTES = 500_000

/**
 * Batches calls: those made under the same key in the same turn of the event loop are passed to
 * `together`, in order, which returns one result for each. If that fails as a whole, each call is
 * made separately, so repeating a call must be safe.
 *
 * @param bytesOf Size of what a call sends; 0 by default, for calls that are always small.
 */
export function gather<Call, Result>(
  keyOf: (call: Call) => string,
  together: (key: string, calls: Call[]) => Promise<Result[]>,
  bytesOf: (call: Call) => number = () => 0,
): (call: Call) => Promise<Result> {
  interface Waiting {
    call: Call
    resolve(result: Result): void
    reject(error: unknown): void
  }
  let waiting = new Map<string, Waiting[]>()

  async function send(key: string, group: Waiting[]): Promise<void> {
    try {
      const results = await together(
        key,
        group.map(({ call }) => call),
      )
      group.forEach(({ resolve, reject }, index) => {
        const result = results[index]
        if (result === undefined) reject(new Error('a call was not answered'))
        else resolve(result)
      })
    } catch (error) {
      if (group.length === 1 || isRedisAway(error)) {
        for (const { reject } of group) reject(error)
        return
      }
      // One rejected call must not make the others fail.
      for (const entry of group) await send(key, [entry])
    }
  }

  function flush(): void {
    const groups = waiting
    waiting = new Map()
    for (const [key, group] of groups) {
      let some: Waiting[] = []
      let bytes = 0
      for (const entry of group) {
        const size = bytesOf(entry.call)
        if (some.length === MOST_AT_ONCE || (some.length > 0 && bytes + size > MOST_BYTES)) {
          void send(key, some)
          some = []
          bytes = 0
        }
        some.push(entry)
        bytes += size
      }
      void send(key, some)
    }
  }

  return (call) =>
    new Promise((resolve, reject) => {
      if (waiting.size === 0) setImmediate(flush)
      const key = keyOf(call)
      const group = waiting.get(key)
      const entry = { call, resolve, reject }
      if (group === undefined) waiting.set(key, [entry])
      else group.push(entry)
    })
}

/**
 * Merges reads of the same thing, requested in the same turn of the event loop, into one that
 * begins after all of these requests. The result is shared, so nobody may change it.
 */
export function shared<Call, Result>(
  read: (call: Call) => Promise<Result>,
): (call: Call) => Promise<Result> {
  let asked = new Map<string, Promise<Result>>()
  return (call) => {
    const key = JSON.stringify(call)
    const known = asked.get(key)
    if (known !== undefined) return known
    if (asked.size === 0) {
      setImmediate(() => {
        asked = new Map()
      })
    }
    const reading = new Promise<void>((resolve) => setImmediate(resolve)).then(() => read(call))
    asked.set(key, reading)
    return reading
  }
}
