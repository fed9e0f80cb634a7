import { expect, test } from 'vitest'
import { placeOf } from '../../../src/core/findings/places.ts'

test.each([
  './src/a.ts:10',
  'src//a.ts:10',
  'src/./a.ts:10',
  'src/b/../a.ts:10',
  '/src/a.ts#L10',
  'src\\a.ts:10:4',
  '`src/a.ts:10`',
  'file:///src/a.ts:10',
  'src/a.ts (line 10)',
  'src/a.ts lines 10-12',
])('%s is line 10 of src/a.ts', (file) => {
  expect(placeOf({ file })).toEqual({ file: 'src/a.ts', line: 10 })
})

test('a path that leads out of the workspace is not a file in it', () => {
  expect(placeOf({ file: '../a.ts' }).file).toBe('../a.ts')
  expect(placeOf({ file: 'src/../../a.ts' }).file).toBe('../a.ts')
})
