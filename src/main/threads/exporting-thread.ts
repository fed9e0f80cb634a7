import { enableCompileCache } from 'node:module'

// A thread has a cache of its own to switch on, before the rest is loaded: half of its start.
enableCompileCache()

const [{ answerWork }, { EXPORTING_WORK }] = await Promise.all([
  import('../../threads/answer-work.ts'),
  import('./exporting-work.ts'),
])
answerWork(EXPORTING_WORK)
