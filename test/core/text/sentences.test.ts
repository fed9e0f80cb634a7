import { describe, expect, test } from 'vitest'
import { firstSentences } from '../../../src/core/text/sentences.ts'

describe('the first sentences of a text', () => {
  test.each([
    [
      'are whole',
      'The lock is free. Another task takes it at once, and waits.',
      'The lock is free.',
    ],
    ['get a stop', 'The lock is never released', 'The lock is never released.'],
    [
      'do not end at an abbreviation',
      'Names, e.g. keys. And much more text that does not fit here.',
      'Names, e.g. keys.',
    ],
    ['are none of a diff', '```diff\n- lock()\n+ unlock()\n```', ''],
    [
      'are prose below a diff',
      '```diff\n- a\n```\nRelease the lock first.',
      'Release the lock first.',
    ],
    [
      'are not the name above them',
      'mallory\n\nThe lock is never released.',
      'The lock is never released.',
    ],
    [
      'are not what leads to code',
      'Do it like this:\nRelease the lock first.',
      'Release the lock first.',
    ],
    ['are cut between words', 'word '.repeat(40), `${'word '.repeat(9)}word …`],
    [
      'say what a link says',
      'See [the lock](https://a.test/x#L1) that is held.',
      'See the lock that is held.',
    ],
    ['are none of nothing', '', ''],
  ])('%s', (_, text, expected) => {
    expect(firstSentences(text, 50)).toBe(expected)
  })

  test('are read in one pass of any text', () => {
    for (const hostile of ['[', '# '.repeat(3), '. ', '```\n', ':', ' '])
      expect(firstSentences(hostile.repeat(200_000), 400).length).toBeLessThan(500)
  })
})
