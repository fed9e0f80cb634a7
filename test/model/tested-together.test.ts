import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testedTogether } from '../../script/tested-together.ts'

test('docs/tested-together.md says which features the sequences of the model try together', () => {
  const file = new URL('../../docs/tested-together.md', import.meta.url)
  expect(readFileSync(file, 'utf8')).toBe(testedTogether())
})
