import { threadId } from 'node:worker_threads'
import { answerWork } from '../../src/threads/answer-work.ts'

answerWork({
  thread: () => threadId,
  double: (value: number) => value * 2,
  wait: (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  never: () => {
    for (;;);
  },
  fail: () => {
    throw new RangeError('that is wrong')
  },
  die: () => process.exit(1),
})
