import type { TimeSpan } from './time-scale.ts'

// A plan that is retried an hour later would be two slivers on an hour-long axis, so long periods
// in which nothing ran are drawn as short breaks.

/** Shorter gaps are drawn to scale. */
const SHORTEST_GAP_MS = 5_000
/** A gap is only shortened if it exceeds this fraction of the total busy time. */
const LEAST_SHARE = 0.25
/** The width of a break, as a fraction of the total busy time. */
const BREAK_SHARE = 0.04

/** Maps clock times to positions on an axis with shortened breaks. */
export interface TimeMap {
  onAxis(at: number): number
  /** The shortened gaps, in clock time. */
  gaps: readonly TimeSpan[]
}

export const UNCUT: TimeMap = { onAxis: (at) => at, gaps: [] }

/** @param busy Periods in which something ran or could have run, in any order. */
export function timeMap(busy: readonly TimeSpan[]): TimeMap {
  const { all, busyMs } = gapsBetween(busy)
  const least = Math.max(SHORTEST_GAP_MS, busyMs * LEAST_SHARE)
  const gaps = all.filter(({ from, to }) => to - from > least)
  if (gaps.length === 0) return UNCUT
  const breakMs = Math.max(1, busyMs * BREAK_SHARE)
  return {
    gaps,
    onAxis(at) {
      let cut = 0
      for (const { from, to } of gaps) {
        if (at <= from) break
        const share = Math.min(1, (at - from) / (to - from))
        cut += share * (to - from - breakMs)
      }
      return at - cut
    },
  }
}

/** The gaps in which no span is busy, and the total time in which at least one is. */
function gapsBetween(busy: readonly TimeSpan[]): { all: TimeSpan[]; busyMs: number } {
  const all: TimeSpan[] = []
  let busyMs = 0
  let until: number | undefined
  for (const { from, to } of [...busy].sort((a, b) => a.from - b.from)) {
    if (until === undefined || from > until) {
      if (until !== undefined) all.push({ from: until, to: from })
      until = from
    }
    busyMs += Math.max(0, to - until)
    until = Math.max(until, to)
  }
  return { all, busyMs }
}
