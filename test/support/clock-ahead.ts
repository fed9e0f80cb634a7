// Loaded before a process of the service, by `NODE_OPTIONS=--import=…`: its clock is an hour ahead.

const AHEAD_MS = 3_600_000
const RealDate = Date

class DateAhead extends RealDate {
  constructor(...given: [] | [number | string]) {
    if (given.length === 0) super(RealDate.now() + AHEAD_MS)
    else super(...(given as [number]))
  }
  static override now(): number {
    return RealDate.now() + AHEAD_MS
  }
}

globalThis.Date = DateAhead as DateConstructor
