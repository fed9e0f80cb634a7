/** A period, in milliseconds since the epoch. */
export interface TimeSpan {
  from: number
  to: number
}

/** Below this, nothing can be distinguished. */
const MIN_SPAN_MS = 5

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000,
  300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000,
]

/** Position of `at` in the span: 0 at its start, 1 at its end, outside this range beyond it. */
export function position(span: TimeSpan, at: number): number {
  return (at - span.from) / (span.to - span.from)
}

export interface Tick {
  at: number
  /** Since `origin`. */
  elapsedMs: number
  stepMs: number
}

/** Ticks at round times since `origin`, at least `minGap` pixels apart on an axis `width` pixels wide. */
export function ticks(span: TimeSpan, origin: number, width: number, minGap = 88): Tick[] {
  if (width <= 0 || span.to <= span.from) return []
  const atLeast = ((span.to - span.from) * minGap) / width
  const stepMs =
    STEPS_MS.find((step) => step >= atLeast) ?? Math.ceil(atLeast / 86_400_000) * 86_400_000
  const result: Tick[] = []
  const first = Math.ceil((span.from - origin) / stepMs) * stepMs
  for (let elapsedMs = first; origin + elapsedMs <= span.to; elapsedMs += stepMs) {
    result.push({ at: origin + elapsedMs, elapsedMs, stepMs })
  }
  return result
}

/** `factor` below 1 zooms in. The point at `centre` stays in place. */
export function zoom(view: TimeSpan, domain: TimeSpan, factor: number, centre: number): TimeSpan {
  const length = clamp((view.to - view.from) * factor, MIN_SPAN_MS, domain.to - domain.from)
  const share = position(view, centre)
  return inside({ from: centre - share * length, to: centre + (1 - share) * length }, domain)
}

export function pan(view: TimeSpan, domain: TimeSpan, byMs: number): TimeSpan {
  return inside({ from: view.from + byMs, to: view.to + byMs }, domain)
}

/** The same length, moved to stay within the domain. */
export function inside(view: TimeSpan, domain: TimeSpan): TimeSpan {
  const length = Math.min(view.to - view.from, domain.to - domain.from)
  const from = clamp(view.from, domain.from, domain.to - length)
  return { from, to: from + length }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high))
}
