import { createHash } from 'node:crypto'
import type { ReuseStore } from '../../core/ports/reuse.ts'
import type { ReuseDeps } from '../../core/reuse/find-reusable.ts'
import { VERSION } from '../../version.ts'

export function reuseDeps(store: ReuseStore): ReuseDeps {
  return {
    store,
    hash: (text) => createHash('sha256').update(text).digest('base64url'),
    version: VERSION,
    now: Date.now,
  }
}
