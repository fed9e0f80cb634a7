import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { OXLINT_RULES } from '../../../src/executors/static/oxlint/rules.ts'
import { review } from './support.ts'

const BINARY = fileURLToPath(new URL('bin/oxlint', import.meta.resolve('oxlint/package.json')))

describe('the rules of oxlint that run', () => {
  test('are all known to it, each named once', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [BINARY, '--rules', '-f', 'json'],
      { maxBuffer: 1e7 },
    )
    const known = (JSON.parse(stdout) as { scope: string; value: string }[]).map(
      ({ scope, value }) => (scope === 'eslint' ? value : `${scope}/${value}`),
    )
    const names = OXLINT_RULES.map(({ name }) => name)
    expect(names.filter((name) => !known.includes(name))).toEqual([])
    expect(new Set(names.map((name) => name.split('/').at(-1))).size).toBe(names.length)
  })

  test.each([
    ['architecture', 'no-dupe-keys', 'export const a = { b: 1, b: 2 }'],
    ['architecture', 'use-isnan', 'export const a = (b: number) => b === NaN'],
    ['architecture', 'unicorn/no-thenable', 'export const a = { then() {} }'],
    ['architecture', 'typescript/ban-ts-comment', '// @ts-nocheck\nexport const a = 1'],
    ['architecture', 'max-params', 'export const a = (b, c, d, e, f, g, h, i) => b'],
    [
      'performance',
      'oxc/no-accumulating-spread',
      'export const a = (b) => b.reduce((c, d) => ({ ...c, [d]: 1 }), {})',
    ],
    [
      'performance',
      'unicorn/prefer-array-find',
      'export const a = (b) => b.filter((c) => c > 1)[0]',
    ],
    ['security', 'no-script-url', "location.href = 'javascript:void(0)'"],
    ['security', 'no-implied-eval', "setTimeout('a()', 10)"],
  ])('%s: %s', async (perspective, rule, text) => {
    const { ids } = await review({ 'src/a.ts': `${text}\n` }, { options: { perspective } })
    expect(ids).toContain(`oxlint/${rule}`)
  })

  test.each([
    ['jest/valid-expect', "test('a', () => { expect(a) })"],
    ['jest/valid-expect', "test('a', async () => { expect(a()).resolves.toBe(1) })"],
    [
      'jest/no-identical-title',
      "test('a', () => { expect(a).toBe(1) })\ntest('a', () => { expect(a).toBe(2) })",
    ],
    [
      'jest/no-commented-out-tests',
      "test('a', () => { expect(a).toBe(1) })\n// test('b', () => { expect(b).toBe(1) })",
    ],
  ])('testing: %s in %s', async (rule, text) => {
    const { ids } = await review(
      { 'src/a.ts': 'export const a = 1\n', 'test/a.test.ts': `import '../src/a.ts'\n${text}\n` },
      { options: { perspective: 'testing' } },
    )
    expect(ids).toEqual([`oxlint/${rule}`])
  })

  test('a second argument of vitest’s `expect`, and the style of chai, are accepted', async () => {
    const { ids } = await review(
      {
        'src/a.ts': 'export const a = 1\n',
        'test/a.test.ts': "import '../src/a.ts'\ntest('a', () => { expect(a, 'the a').toBe(1) })\n",
        'test/b.test.ts': "test('b', () => { expect(a).to.eq(1) })\n",
      },
      { options: { perspective: 'testing' } },
    )
    expect(ids).toEqual([])
  })

  test('rules of React apply where React is used', async () => {
    const hook = 'export function run(use) { if (use) return use() }\n'
    const { where } = await review(
      {
        'src/a.ts': hook,
        'src/b.tsx':
          "import { useState } from 'react'\nexport function Run({ on }) { if (on) useState(1); return null }\n",
      },
      { options: { perspective: 'architecture' } },
    )
    expect(where).toEqual(['src/b.tsx:2'])
  })
})
