import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, test } from 'vitest'
import type { Steps } from '../../../src/core/preflight/glob-program.ts'
import { compileGlob } from '../../../src/core/preflight/match-glob.ts'

const matched = (glob: string, paths: readonly string[]) =>
  paths.filter((path) => compileGlob(glob)(path))

describe('a glob matches what it says', () => {
  const files = ['a.ts', 'b.tsx', 'src/a.ts', 'src/b.js', 'src/deep/c.ts', '.env', 'src/.hidden.ts']
  test.each([
    ['*', ['a.ts', 'b.tsx', '.env']],
    ['**', files],
    ['**/*.ts', ['a.ts', 'src/a.ts', 'src/deep/c.ts', 'src/.hidden.ts']],
    ['src/**', ['src/a.ts', 'src/b.js', 'src/deep/c.ts', 'src/.hidden.ts']],
    ['src/*', ['src/a.ts', 'src/b.js', 'src/.hidden.ts']],
    ['./src/*.js', ['src/b.js']],
    ['?.ts', ['a.ts']],
    ['src/[a-b].{ts,js}', ['src/a.ts', 'src/b.js']],
    ['src/[!a].js', ['src/b.js']],
    ['{a,b}.ts?(x)', ['a.ts', 'b.tsx']],
    ['src/!(a|b).*', ['src/.hidden.ts']],
    ['{src/deep,other}/**', ['src/deep/c.ts']],
    ['(a|b).*', ['a.ts', 'b.tsx']],
  ])('%s', (glob, expected) => {
    expect(matched(glob, files)).toEqual(expected)
  })

  test('a folder is matched by all that is below it', () => {
    expect(matched('src/**', ['src', 'src/a', 'srcs'])).toEqual(['src', 'src/a'])
  })

  test('what is escaped, unclosed or not a group matches itself', () => {
    expect(matched('app/\\[id\\]/*', ['app/[id]/page.ts', 'app/i/page.ts'])).toEqual([
      'app/[id]/page.ts',
    ])
    expect(matched('app/(shop)/*', ['app/(shop)/cart.ts', 'app/shop/cart.ts'])).toEqual([
      'app/(shop)/cart.ts',
    ])
    for (const glob of ['[a', '{a', '(a', '{a}', 'a)', 'a}', '@(a'])
      expect(matched(glob, [glob])).toEqual([glob])
  })

  test('ranges are numbers, letters, and as wide as they are written', () => {
    const of = (name: string) => Array.from({ length: 12 }, (_, index) => `${name}${index + 1}`)
    expect(matched('f{9..11}', of('f'))).toEqual(['f9', 'f10', 'f11'])
    expect(matched('f{08..10}', ['f8', 'f08', 'f09', 'f10'])).toEqual(['f08', 'f09', 'f10'])
    expect(matched('{a..c}', ['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c'])
  })

  test('only ** matches a slash', () => {
    for (const glob of ['a?b', 'a[/]b', 'a[!x]b', 'a*b', 'a!(x)b', 'a**b']) {
      expect(matched(glob, ['a/b'])).toEqual([])
    }
  })
})

test('ordinary globs match what they match for picomatch', () => {
  const name = fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        'ab',
        '*',
        '?',
        '[ab]',
        '[^a]',
        '{a,b}',
        '{a,bb}',
        '@(a|b)',
        '+(a|b)',
        '?(a)',
        '*(ab|b)',
        '.',
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((parts) => parts.join(''))
    // `.` and `..` are not names; adjacent stars mean different things to different matchers.
    .filter(
      (text) => !/^[.*?]*\.[.*?]*$/.test(text) && !text.includes('**') && !/[)\]][*?+]/.test(text),
    )
    .filter((text) => !/[*?](?:\*|\?)/.test(text))
    // A name that may be nothing.
    .filter((text) => !/^(?:[*?]\([ab|]+\))+$/.test(text))
  const glob = fc
    .array(fc.oneof({ weight: 4, arbitrary: name }, fc.constant('**')), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join('/'))
    // For picomatch, `src/**` is the folder too, and `*/**` is not.
    .filter((text) => !text.includes('**/**') && !/[*?\])}]\/\*\*$/.test(text))
  const path = fc
    .array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    })
    .filter((parts) => parts.every((part) => !/^\.+$/.test(part)))
    .map((parts) => parts.join('/'))
  fc.assert(
    fc.property(glob, fc.array(path, { minLength: 20, maxLength: 40 }), (each, paths) => {
      const isMatch = picomatch(each, { dot: true })
      expect([each, matched(each, paths)]).toEqual([each, paths.filter((one) => isMatch(one))])
    }),
    { numRuns: 2_000 },
  )
})

test('no glob takes more steps than its length times that of the path allows', () => {
  const piece = fc.constantFrom(
    '*',
    'a',
    '?',
    '*a',
    '**',
    '/',
    '{a,b}',
    '{a,*}',
    '*(a|*)',
    '+(a|aa)',
    '+(+(a))',
    '[a-b]',
    '@(*a*|*)',
    '{**/,}',
    '(',
    '|',
    ')',
  )
  const glob = fc.array(piece, { minLength: 1, maxLength: 60 }).map((parts) => parts.join(''))
  const path = fc.oneof(
    fc.integer({ min: 1, max: 400 }).map((count) => 'a'.repeat(count)),
    fc.integer({ min: 1, max: 150 }).map((count) => `${'a/'.repeat(count)}b`),
  )
  fc.assert(
    fc.property(glob, path, (each, one) => {
      const steps: Steps = { count: 0 }
      compileGlob(each)(one, steps)
      // Each character may meet each piece, which is two or three instructions.
      expect(steps.count).toBeLessThanOrEqual(6 * (each.length + 2) * (one.length + 2))
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['*a*a*a*a*b', 'a'.repeat(150)],
  [`${'*a'.repeat(400)}b`, 'a'.repeat(900)],
  ['**/a/**/a/**/a/**/b', `${'a/'.repeat(500)}c`],
  ['+(+(+(a|aa)|a)|aa)b', 'a'.repeat(900)],
  [`${'{a,b,*}'.repeat(100)}!`, 'a'.repeat(900)],
])('%s is told from a long path at once', (glob, path) => {
  const steps: Steps = { count: 0 }
  expect(compileGlob(glob)(path, steps)).toBe(false)
  expect(steps.count).toBeLessThan(6 * glob.length * path.length)
})

test('what is refused costs one more factor of the length of a name, nested or not', () => {
  for (const glob of ['!(*a*b)!(*a*b)c', '!(!(!(a)b)c)d', '*!(*!(*!(a)))b']) {
    const steps: Steps = { count: 0 }
    compileGlob(glob)('a'.repeat(255), steps)
    expect(steps.count).toBeLessThan(6 * glob.length * 255 * 255)
  }
})
