import { enableCompileCache } from 'node:module'

// Enable the thread's compile cache before loading the rest; it halves the start-up time.
enableCompileCache()

const [{ answerWork }, { EXPORTING_WORK }] = await Promise.all([
  import('../../threads/answer-work.ts'),
  import('./exporting-work.ts'),
])
answerWork(EXPORTING_WORK)
