import { enableCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// What an entry imports first, and everything else behind it: how modules are loaded is decided before.

// Of a process that the command does not start, which has done so already.
enableCompileCache()

// What modules leave behind while they are loaded would make V8 enlarge the space for new objects to three
// times 16 MB, which an idle process then keeps.
setFlagsFromString('--semi-space-growth-factor=1')

/**
 * Called once a process is up: gives back what its start has left behind, and lets the space for new
 * objects grow under load.
 */
export function settleHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: object) => void
  setFlagsFromString('--no-expose-gc')
  // Moves together what is left, so that whole pages go back.
  collect({ type: 'major', flavor: 'last-resort' })
}
