import { enableCompileCache } from 'node:module'
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Every entry imports this first, because it decides how all other modules are loaded.

// Already enabled if the command has started the process, but not otherwise.
enableCompileCache()

// Garbage from loading modules would make V8 enlarge the space for new objects to three times 16 MB, which an
// idle process then keeps.
setFlagsFromString('--semi-space-growth-factor=1')

/** A process is idle if it was busy for less than this share of this time. */
const QUIET_MS = 5_000
const QUIET_SHARE = 0.1

/**
 * Call it once a process is up: under load, the space for new objects may grow again, and an idle process
 * returns the memory that its start has left behind.
 */
export function settleHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
  collectOnceQuiet()
}

function collectOnceQuiet(): void {
  const before = performance.eventLoopUtilization()
  setTimeout(() => {
    const { utilization } = performance.eventLoopUtilization(before)
    if (utilization < QUIET_SHARE) collect()
    else collectOnceQuiet()
  }, QUIET_MS).unref()
}

/** Takes about a tenth of a second. Compacts the heap, so that whole pages are returned to the system. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as (options: object) => void
  setFlagsFromString('--no-expose-gc')
  gc({ type: 'major', flavor: 'last-resort' })
}
