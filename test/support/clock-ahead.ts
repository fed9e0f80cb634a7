// Loaded before a process of the service, by `NODE_OPTIONS=--import=…`: its clock is an hour ahead.

const AHEAD_MS = 3_600_000
const now = () => RealDate.now() + AHEAD_MS
const RealDate = Date

globalThis.Date = new Proxy(RealDate, {
  construct: (real, given, target) =>
    Reflect.construct(real, given.length === 0 ? [now()] : given, target),
  apply: () => new RealDate(now()).toString(),
  get: (real, name) => (name === 'now' ? now : Reflect.get(real, name)),
})
