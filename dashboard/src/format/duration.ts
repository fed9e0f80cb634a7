const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `840 ms`, `4.2 s`, `42 s`, `3m 12s`, `2h 05m`, `3d 4h`: two significant figures. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '–'
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${pad(Math.floor((ms % MINUTE) / SECOND))}s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${pad(Math.floor((ms % HOUR) / MINUTE))}m`
  return `${Math.floor(ms / DAY)}d ${Math.floor((ms % DAY) / HOUR)}h`
}

/**
 * A label of the time axis, as precise as the step between labels: `0`, `250ms`, `1.5s`, `2:30`,
 * `1:05:00`.
 */
export function formatTick(ms: number, stepMs: number): string {
  if (ms === 0) return '0'
  if (stepMs < SECOND) {
    return ms < SECOND ? `${Math.round(ms)}ms` : `${Number((ms / SECOND).toFixed(3))}s`
  }
  if (ms < MINUTE) return `${Math.round(ms / SECOND)}s`
  const seconds = pad(Math.floor((ms % MINUTE) / SECOND))
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}:${seconds}`
  return `${Math.floor(ms / HOUR)}:${pad(Math.floor((ms % HOUR) / MINUTE))}:${seconds}`
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** `now`, `3 min. ago`, `2 hr. ago`, `yesterday`. */
export function formatAgo(at: number, now: number): string {
  const elapsed = Math.max(0, now - at)
  if (elapsed < 10 * SECOND) return 'just now'
  if (elapsed < MINUTE) return relative.format(-Math.floor(elapsed / SECOND), 'second')
  if (elapsed < HOUR) return relative.format(-Math.floor(elapsed / MINUTE), 'minute')
  if (elapsed < DAY) return relative.format(-Math.floor(elapsed / HOUR), 'hour')
  return relative.format(-Math.floor(elapsed / DAY), 'day')
}

const exact = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'medium',
})

export function formatTime(at: number | string): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? '–' : exact.format(date)
}

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** `14:02:31`, in the reader's time zone. */
export function formatClock(at: number): string {
  return clock.format(new Date(at))
}

function pad(value: number): string {
  return `${value}`.padStart(2, '0')
}
