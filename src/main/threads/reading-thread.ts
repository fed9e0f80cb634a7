import { enableCompileCache } from 'node:module'

// A thread has a cache of its own to switch on, before the rest is loaded: half of its start.
enableCompileCache()

const [{ answerWork }, { READING_WORK }] = await Promise.all([
  import('../../threads/answer-work.ts'),
  import('./reading-work.ts'),
])
answerWork(READING_WORK)
