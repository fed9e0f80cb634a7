import { expect, test } from 'vitest'
import { withShared } from '../../src/store/scripts.ts'

test('a script is sent with only the shared parts that it uses, directly or indirectly', () => {
  const first = 'local function first(id)\n  return id\nend'
  const second = 'local place, sum = 1, 2\nlocal function second() return first(place) end'
  const third = 'local third = 3'
  const shared = [first, second, third]
  expect(withShared(shared, 'return second()')).toBe(`${first}\n${second}\nreturn second()`)
  expect(withShared(shared, 'return sum')).toBe(`${first}\n${second}\nreturn sum`)
  expect(withShared(shared, '-- As third does.\nreturn first(1)')).toBe(
    `${first}\n-- As third does.\nreturn first(1)`,
  )
})
