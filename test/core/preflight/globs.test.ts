import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { globsIntersect, parseGlob } from '../../../src/core/preflight/globs.ts'
import { compileGlob } from '../../../src/core/preflight/match-glob.ts'

const meet = (a: string, b: string) => globsIntersect(parseGlob(a), parseGlob(b))

describe('two globs may match the same path', () => {
  test.each([
    ['src/a.ts', 'src/a.ts'],
    ['src/**', 'src/auth/login.ts'],
    ['src/**', '**/*.ts'],
    ['**', 'a'],
    ['src/*.ts', 'src/a?.ts'],
    ['src/*/index.ts', 'src/auth/*.ts'],
    ['src/{auth,api}/*.ts', 'src/api/**'],
    ['src/[a-c]*.ts', 'src/b.ts'],
    ['src/[!a]*.ts', 'src/b.ts'],
    ['a*c', 'ab*'],
    ['**/a/**/b', 'x/a/y/**'],
    ['src/auth', 'src/auth/login.ts'],
    ['src/auth/', 'src/auth/x/y.ts'],
    ['./src/a.ts', 'src/a.ts'],
    ['src/**/*.ts', 'src/a.ts'],
    ['app/\\[slug\\]/**', 'app/\\[slug\\]/page.tsx'],
    ['!(a).ts', 'b.ts'],
    ['src/@(a|b).ts', 'src/a.ts'],
    ['src/{1..3}.ts', 'src/2.ts'],
    ['{a,b}/{c,d}', 'b/d'],
  ])('%s and %s', (a, b) => {
    expect(meet(a, b)).toBe(true)
    expect(meet(b, a)).toBe(true)
  })
})

describe('two globs match no path together', () => {
  test.each([
    ['src/a.ts', 'src/b.ts'],
    ['src/auth/**', 'src/api/**'],
    ['**/*.ts', '**/*.md'],
    ['src/*.ts', 'src/auth/*.ts'],
    ['src/{auth,api}/**', 'src/db/**'],
    ['src/[a-c].ts', 'src/d.ts'],
    ['src/[^a].ts', 'src/a.ts'],
    ['a?', 'a'],
    ['src/a', 'src/ab'],
    ['app/[id]/**', 'app/\\[id\\]/**'],
    ['x/**/test/*.ts', 'x/src/*.ts'],
    ['src/@(a|b).ts', 'docs/**'],
  ])('%s and %s', (a, b) => {
    expect(meet(a, b)).toBe(false)
    expect(meet(b, a)).toBe(false)
  })
})

test('a "no" is certain: no path that the matcher accepts for both is ever missed', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    'ab',
    '*',
    '?',
    '[ab]',
    '[!a]',
    '[^a]',
    '{a,b}',
    '{a,b/a}',
    'a*',
    '\\*',
    '**',
    '*b',
    '@(a|b)',
    '!(a)',
    '[[:alpha:]]',
    '{a..b}',
    '(a|b)',
    '[a',
  )
  const glob = fc
    .array(
      fc.array(piece, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.join('/'))
  const path = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'ba', 'abb', '*'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'))
  fc.assert(
    fc.property(glob, glob, fc.array(path, { minLength: 20, maxLength: 40 }), (a, b, paths) => {
      const [isA, isB] = [compileGlob(a), compileGlob(b)]
      if (paths.some((each) => isA(each) && isB(each)))
        expect([a, b, meet(a, b)]).toEqual([a, b, true])
    }),
    { numRuns: 3_000 },
  )
})

test('a glob that is built to be slow is answered, with caution', () => {
  const slow = `${'*a'.repeat(400)}b`
  expect(meet(slow, `${'*a'.repeat(400)}c`)).toBe(true)
  expect(meet('{a,b}'.repeat(150), 'x')).toBe(true)
})

test('only a glob without wildcards has a path', () => {
  expect(parseGlob('./src/a.ts').path).toBe('src/a.ts')
  expect(parseGlob('app/\\[id\\]/page.ts').path).toBe('app/[id]/page.ts')
  for (const each of ['src/*.ts', 'src/', '{a,b}', '!(a)', '**'])
    expect(parseGlob(each).path).toBeUndefined()
})
