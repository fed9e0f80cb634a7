import { expect, test } from 'vitest'
import { withinBytes } from '../../../src/core/read/pages.ts'

test('outputs are read in groups that fit, in order, and a large one alone', () => {
  expect(withinBytes(['a', 'b', 'c', 'd', 'e'], [1, 1, 10, 1, 2], 3)).toEqual([
    ['a', 'b'],
    ['c'],
    ['d', 'e'],
  ])
  expect(withinBytes([], [], 3)).toEqual([])
})
