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
  const gaps = cutsBetween(busy)
  if (gaps.length === 0) return UNCUT
  const breakMs = Math.max(1, busyTime(busy) * BREAK_SHARE)
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

function cutsBetween(busy: readonly TimeSpan[]): TimeSpan[] {
  const least = Math.max(SHORTEST_GAP_MS, busyTime(busy) * LEAST_SHARE)
  const gaps: TimeSpan[] = []
  forEachGap(busy, (gap) => {
    if (gap.to - gap.from > least) gaps.push(gap)
  })
  return gaps
}

/** The total time covered by at least one of them. */
function busyTime(busy: readonly TimeSpan[]): number {
  const first = busy.reduce((earliest, { from }) => Math.min(earliest, from), Infinity)
  const last = busy.reduce((latest, { to }) => Math.max(latest, to), -Infinity)
  let idle = 0
  forEachGap(busy, ({ from, to }) => {
    idle += to - from
  })
  return Math.max(0, last - first - idle)
}

function forEachGap(busy: readonly TimeSpan[], visit: (gap: TimeSpan) => void): void {
  let until: number | undefined
  for (const { from, to } of [...busy].sort((a, b) => a.from - b.from)) {
    if (until !== undefined && from > until) visit({ from: until, to: from })
    until = Math.max(until ?? to, to)
  }
}
