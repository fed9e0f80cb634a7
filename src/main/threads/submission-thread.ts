import { enableCompileCache } from 'node:module'

// A thread has a cache of its own to switch on, before the rest is loaded: half of its start.
enableCompileCache()

await import('./submission-work.ts')
