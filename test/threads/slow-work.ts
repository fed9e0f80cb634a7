import { answerWork } from '../../src/threads/answer-work.ts'

answerWork({
  double: (value: number) => value * 2,
  never: () => {
    for (;;);
  },
  fail: () => {
    throw new RangeError('that is wrong')
  },
  die: () => process.exit(1),
})
