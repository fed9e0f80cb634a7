import { enableCompileCache } from 'node:module'

// Enable the thread's compile cache before loading the rest; it halves the start-up time.
enableCompileCache()

const [{ answerWork }, { SCHEMA_WORK }] = await Promise.all([
  import('../../threads/answer-work.ts'),
  import('./schema-work.ts'),
])
answerWork(SCHEMA_WORK)
