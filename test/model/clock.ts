import type { Redis } from 'ioredis'

/** The key by which `moved-time.lua` knows how far the clock of Redis was moved. */
export const MOVED_KEY = 'moved-seconds'

/** A timer that fires when the test lets time pass. */
export class VirtualTimer {
  readonly at: number
  readonly #run: () => void
  readonly #timers: Set<VirtualTimer>
  constructor(timers: Set<VirtualTimer>, at: number, run: () => void) {
    this.at = at
    this.#run = run
    this.#timers = timers
    timers.add(this)
  }
  fire(): void {
    if (this.#timers.delete(this)) this.#run()
  }
  clear(): void {
    this.#timers.delete(this)
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

/**
 * The time of a world: of its Redis, and of the long timers of its processes. It goes on with the real
 * one, and `pass` moves it further.
 */
export class Clock {
  movedMs = 0
  readonly #timers = new Set<VirtualTimer>()

  setTimeout(run: () => void, ms: number): VirtualTimer {
    return new VirtualTimer(this.#timers, this.movedMs + ms, run)
  }

  async pass(redis: Redis, seconds: number): Promise<void> {
    await redis.incrby(MOVED_KEY, seconds)
    this.movedMs += seconds * 1_000
    const due = [...this.#timers].filter(({ at }) => at <= this.movedMs)
    for (const timer of due.sort((a, b) => a.at - b.at)) timer.fire()
  }
}
