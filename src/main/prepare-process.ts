import { enableCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Import this first in an entry file: the compile cache must be enabled before other modules are
// loaded.

// For processes not started by the command, which has already enabled it.
enableCompileCache()

// Garbage from loading modules would make V8 grow the young generation to three times 16 MB, which
// an idle process then keeps.
setFlagsFromString('--semi-space-growth-factor=1')

/**
 * Call it once a process is up: releases the memory left from starting, and lets the young
 * generation grow under load.
 */
export function settleHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: object) => void
  setFlagsFromString('--no-expose-gc')
  // Compacts what is left, so that whole pages can be released.
  collect({ type: 'major', flavor: 'last-resort' })
}
