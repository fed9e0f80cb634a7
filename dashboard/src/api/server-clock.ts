// Times come from the server, "now" from this machine: where the two clocks disagree, running bars
// would be too long or begin in the future.

/** A Date header is exact to the second; what is below this is noise. */
const TOLERANCE_MS = 2_000

let offsetMs = 0
let frozenAt: number | undefined

export function noteServerDate(header: string | null, receivedAt = Date.now()): void {
  const sentAt = Date.parse(header ?? '')
  if (Number.isNaN(sentAt)) return
  // The header is cut to the second: half of one more is the better guess.
  const measured = sentAt + 500 - receivedAt
  offsetMs = Math.abs(measured) < TOLERANCE_MS ? 0 : measured
}

/** The server's time now, in milliseconds since the epoch; stands still while the clock is frozen. */
export function serverNow(): number {
  return frozenAt ?? Date.now() + offsetMs
}

/** Stops the clock: while the service is away, nobody knows how long anything has run. */
export function freezeClock(): void {
  frozenAt ??= serverNow()
}

export function thawClock(): void {
  frozenAt = undefined
}
