/** Accepted calls between two times. */
export interface Taken {
  at: number
  until: number
  count: number
}

const BUCKET_MS = 250
/** One minute of continuous calls. */
const KEPT_BUCKETS = 240

/** Adds calls that begin now. A bucket never starts before `since`. */
export function withTaken(taken: Taken[], now: number, count: number, since: number): Taken[] {
  if (count === 0) return taken
  const last = taken.at(-1)
  return last !== undefined && now - last.at < BUCKET_MS && last.at >= since
    ? taken.with(-1, { at: last.at, until: now, count: last.count + count })
    : [...taken.slice(1 - KEPT_BUCKETS), { at: now, until: now, count }]
}

/** Removes a call that turned out to be refused. */
export function withoutRefused(taken: Taken[], startedAt: number): Taken[] {
  const index = taken.findLastIndex(({ at }) => at <= startedAt)
  const bucket = taken[index]
  if (bucket === undefined) return taken
  return taken.with(index, { ...bucket, count: Math.max(0, bucket.count - 1) })
}

export function countFrom(taken: readonly Taken[], since: number): number {
  return taken.reduce((sum, { at, count }) => (at >= since ? sum + count : sum), 0)
}

/** Calls since then, assuming that those in a bucket began evenly spread. */
export function takenSince(taken: readonly Taken[], since: number): number {
  return taken.reduce((total, { at, until, count }) => {
    const share = until === at ? Number(at > since) : (until - since) / (until - at)
    return total + count * Math.min(1, Math.max(0, share))
  }, 0)
}

/**
 * When the last accepted call began, but not before `atLeast`: accepted calls may overtake one that
 * is refused late.
 */
export function endOfTaken(taken: readonly Taken[], atLeast: number): number {
  return Math.max(atLeast, taken.findLast(({ count }) => count > 0)?.until ?? 0)
}

/** The highest number of calls per second over any stretch of time that ends with the last call. */
export function fastest(taken: readonly Taken[], lengthMs: (from: number) => number): number {
  let count = 0
  let pace = 0
  for (const bucket of taken.toReversed()) {
    count += bucket.count
    pace = Math.max(pace, (count * 1_000) / lengthMs(bucket.at))
  }
  return pace
}
