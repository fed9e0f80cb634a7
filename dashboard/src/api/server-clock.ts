// Times come from the server, "now" from this machine. If the clocks disagree, running bars would
// be too long or start in the future.

/** A Date header is exact to the second; smaller differences are noise. */
const TOLERANCE_MS = 2_000

let offsetMs = 0
let frozenAt: number | undefined

export function noteServerDate(header: string | null, receivedAt = Date.now()): void {
  const sentAt = Date.parse(header ?? '')
  if (Number.isNaN(sentAt)) return
  // The header is truncated to the second, so half a second more is the better guess.
  const measured = sentAt + 500 - receivedAt
  offsetMs = Math.abs(measured) < TOLERANCE_MS ? 0 : measured
}

/**
 * The server's current time in milliseconds since the epoch; it stands still while the clock is
 * frozen.
 */
export function serverNow(): number {
  return frozenAt ?? Date.now() + offsetMs
}

/**
 * Stops the clock, because nobody knows how long anything has been running while the service is
 * away.
 */
export function freezeClock(): void {
  frozenAt ??= serverNow()
}

export function thawClock(): void {
  frozenAt = undefined
}
