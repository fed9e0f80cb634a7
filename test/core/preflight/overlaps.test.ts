import fc from 'fast-check'
import { isMatch } from 'picomatch'
import { describe, expect, test } from 'vitest'
import type { FileTask } from '../../../src/core/preflight/file-task.ts'
import { MAX_OVERLAPS, overlaps } from '../../../src/core/preflight/overlaps.ts'
import { serialize } from '../../../src/core/preflight/serialize.ts'
import { waves } from '../../../src/core/preflight/task-order.ts'

function task(
  id: string,
  read: string[],
  write: string[] = [],
  dependsOn: string[] = [],
): FileTask {
  return { id, dependsOn, files: write.length === 0 ? read : { read, write } }
}

const workspace = [
  'README.md',
  'src/api/index.ts',
  'src/auth/login.ts',
  'src/auth/session.ts',
  'src/db.ts',
]

describe('on the real files of a workspace', () => {
  test('two writers, and a reader beside a writer, are named with the files', () => {
    const tasks = [
      task('a', [], ['src/auth/**']),
      task('b', ['src/api/**'], ['**/session.ts', 'src/db.ts']),
      task('c', ['src/**']),
      task('d', ['README.md']),
    ]
    expect(overlaps(tasks, workspace)).toEqual([
      { tasks: ['a', 'b'], kind: 'write/write', files: ['src/auth/session.ts'], fileCount: 1 },
      {
        tasks: ['a', 'c'],
        kind: 'read/write',
        files: ['src/auth/login.ts', 'src/auth/session.ts'],
        fileCount: 2,
      },
      {
        tasks: ['b', 'c'],
        kind: 'read/write',
        files: ['src/auth/session.ts', 'src/db.ts'],
        fileCount: 2,
      },
    ])
  })

  test('globs that could match the same files but do not are no overlap', () => {
    const tasks = [task('a', [], ['src/*/login.ts']), task('b', [], ['src/api/*.ts'])]
    expect(overlaps(tasks, workspace)).toEqual([])
    expect(overlaps(tasks)).toHaveLength(1)
  })

  test('two tasks that create the same file collide, though it does not exist yet', () => {
    const tasks = [
      task('a', [], ['src/new.ts']),
      task('b', [], ['src/new.ts']),
      task('c', [], ['docs/**']),
      task('d', [], ['docs/api/*.md']),
    ]
    expect(overlaps(tasks, workspace)).toEqual([
      { tasks: ['a', 'b'], kind: 'write/write', files: ['src/new.ts'], fileCount: 1 },
      { tasks: ['c', 'd'], kind: 'write/write', files: ['docs/**', 'docs/api/*.md'], fileCount: 2 },
    ])
  })

  test('a folder stands for everything in it', () => {
    expect(
      overlaps([task('a', [], ['src/auth']), task('b', [], ['src/auth/login.ts'])], workspace),
    ).toMatchObject([{ files: ['src/auth/login.ts'] }])
  })

  test.each(['.', './', './src', 'src/.', 'src//auth/*.ts', 'src/./auth/l*', './/**', '**/'])(
    'a glob is the same however it is spelled: %s',
    (glob) => {
      const writer = task('b', [], ['src/auth/login.ts'])
      for (const other of [task('a', [glob]), task('a', [], [glob])]) {
        expect(overlaps([other, writer], workspace)).toMatchObject([
          { files: ['src/auth/login.ts'], fileCount: 1 },
        ])
        expect(overlaps([other, writer])).toHaveLength(1)
      }
    },
  )

  test('a name that looks like a glob means itself', () => {
    const files = ['app/[id]/page.ts', 'app/(shop)/cart.ts']
    for (const name of files) {
      expect(overlaps([task('a', [name]), task('b', [], ['app/**'])], files)).toMatchObject([
        { files: [name] },
      ])
    }
  })

  test('many files are counted, and twenty named', () => {
    const files = Array.from({ length: 500 }, (_, index) => `src/${index}.ts`)
    const [overlap] = overlaps([task('a', [], ['**']), task('b', [], ['src/**'])], files)
    expect(overlap?.files).toHaveLength(20)
    expect(overlap?.fileCount).toBe(500)
  })
})

describe('a glob that begins with "!" takes files away', () => {
  const less = (globs: string[], other: string, files?: string[]) =>
    overlaps([task('a', [], globs), task('b', [], [other])], files).length

  test('at any position, and from all files if no other glob selects any', () => {
    expect(less(['src/**', '!src/db.ts'], 'src/db.ts', workspace)).toBe(0)
    expect(less(['!./src//db.ts', 'src/**'], 'src/db.ts', workspace)).toBe(0)
    expect(less(['src/**', '!src/auth'], 'src/auth/**', workspace)).toBe(0)
    expect(less(['!src/**'], 'src/db.ts', workspace)).toBe(0)
    expect(less(['src/**', '!src/db.ts'], 'src/auth/*', workspace)).toBe(1)
    expect(less(['!src/**'], 'README.md', workspace)).toBe(1)
  })

  test('without the files, only if it excludes everything that is compared', () => {
    expect(less(['src/**', '!src/auth/**'], 'src/auth/login.ts')).toBe(0)
    expect(less(['src/**', '!src/auth'], 'src/auth/*.ts')).toBe(0)
    expect(less(['src/**', '!src/db.ts'], 'src/db.ts')).toBe(0)
    expect(less(['src/**', '!src/*.ts'], 'src/db.ts')).toBe(1)
    expect(less(['src/**', '!src/auth/**'], 'src/*/login.ts')).toBe(1)
    expect(less(['src/**', '!src/!(a)/**'], 'src/a/b.ts')).toBe(1)
  })
})

test('two readers are no overlap, nor is a task that reads what it writes', () => {
  expect(overlaps([task('a', ['**']), task('b', ['**'])])).toEqual([])
  expect(overlaps([task('a', ['src/**'], ['src/**']), { id: 'b' }])).toEqual([])
})

test('tasks that wait for each other do not collide', () => {
  const tasks = [
    task('a', [], ['x']),
    task('b', [], ['y'], ['a']),
    task('c', [], ['x'], ['b']),
    task('d', ['x']),
  ]
  expect(overlaps(tasks).map((overlap) => overlap.tasks)).toEqual([
    ['a', 'd'],
    ['c', 'd'],
  ])
})

describe('to run overlapping tasks one after another', () => {
  test('each waits for the one before it, in plan order, and the rest stays parallel', () => {
    const tasks = [
      task('a', [], ['x']),
      task('b', [], ['y']),
      task('c', [], ['x']),
      task('d', ['x']),
      task('e', ['x']),
      task('f', [], ['x']),
    ]
    const extra = serialize(tasks)
    expect([...extra]).toEqual([
      ['c', ['a']],
      ['d', ['c']],
      ['e', ['c']],
      ['f', ['d', 'e']],
    ])
    expect(waves(tasks, extra)).toEqual([['a', 'b'], ['c'], ['d', 'e'], ['f']])
  })

  test('dependsOn comes before plan order', () => {
    const tasks = [task('a', [], ['x'], ['c']), task('b', [], ['x', 'y']), task('c', [], ['y'])]
    const extra = serialize(tasks)
    expect([...extra]).toEqual([
      ['a', ['b']],
      ['c', ['b']],
    ])
    expect(waves(tasks, extra)).toEqual([['b'], ['c'], ['a']])
  })
})

test('for any plan: overlaps are found on any files, and serialising leaves none and makes no cycle', () => {
  const glob = fc.constantFrom('a', 'b', 'x/**', 'x/a', 'x/b', '*', '**/a', '{a,b}', 'y/new')
  const files = ['a', 'b', 'x/a', 'x/b', 'x/c']
  const anyTask = fc.record({
    read: fc.array(glob, { maxLength: 2 }),
    write: fc.array(glob, { maxLength: 2 }),
    after: fc.array(fc.nat(7), { maxLength: 2 }),
  })
  fc.assert(
    fc.property(fc.array(anyTask, { maxLength: 8 }), fc.boolean(), (given, listed) => {
      const tasks = given.map(
        ({ read, write, after }, index): FileTask => ({
          id: `t${index}`,
          files: { read, write },
          // Any order of ids, without a cycle.
          dependsOn: after
            .filter((other) => (other * 3) % 8 < (index * 3) % 8 && other < given.length)
            .map((other) => `t${other}`),
        }),
      )
      const list = listed ? files : undefined
      const found = overlaps(tasks, list)
      const touches = (globs: string[]) =>
        files.filter((file) => globs.some((each) => isMatch(file, each, { dot: true })))
      const reaches = (from: string, to: string): boolean =>
        from === to ||
        (tasks.find(({ id }) => id === from)?.dependsOn ?? []).some((id) => reaches(id, to))
      for (const [i, one] of given.entries()) {
        for (const [j, other] of given.entries()) {
          if (i >= j || reaches(`t${i}`, `t${j}`) || reaches(`t${j}`, `t${i}`)) continue
          const shared = touches(one.write).filter((file) => touches(other.write).includes(file))
          const pair = found.filter(({ tasks: [a, b] }) => a === `t${i}` && b === `t${j}`)
          if (shared.length > 0) expect(pair.map(({ kind }) => kind)).toContain('write/write')
          const read = [
            ...touches(one.read).filter((file) => touches(other.write).includes(file)),
            ...touches(other.read).filter((file) => touches(one.write).includes(file)),
          ]
          if (read.length > 0) expect(pair.length).toBeGreaterThan(0)
        }
      }
      const extra = serialize(tasks, list)
      const later = tasks.map((each) => ({
        ...each,
        dependsOn: [...(each.dependsOn ?? []), ...(extra.get(each.id) ?? [])],
      }))
      expect(overlaps(later, list)).toEqual([])
      expect(waves(tasks, extra).flat().sort()).toEqual(tasks.map(({ id }) => id).sort())
      const level = new Map(
        waves(tasks, extra).flatMap((ids, wave) => ids.map((id) => [id, wave] as const)),
      )
      for (const { id, dependsOn } of later) {
        for (const other of dependsOn) expect(level.get(other)).toBeLessThan(level.get(id) ?? -1)
      }
    }),
    { numRuns: 500 },
  )
})

describe('large plans', () => {
  test('a thousand tasks that write their own files do not overlap', () => {
    const tasks = Array.from({ length: 1_000 }, (_, index) =>
      task(`t${index}`, [`src/m${index}/**`], [`src/m${index}/*.ts`]),
    )
    expect(overlaps(tasks)).toEqual([])
    const files = Array.from({ length: 20_000 }, (_, index) => `src/m${index % 1_000}/f${index}.ts`)
    expect(overlaps(tasks, files)).toEqual([])
  })

  test('ten thousand tasks that all write one file are a row, and a bounded matrix', () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) =>
      task(`t${index}`, [], ['CHANGELOG.md']),
    )
    expect(overlaps(tasks)).toHaveLength(MAX_OVERLAPS)
    const extra = serialize(tasks)
    expect(extra.size).toBe(9_999)
    expect(extra.get('t9999')).toEqual(['t9998'])
    expect(waves(tasks, extra)).toHaveLength(10_000)
  })

  test('a thousand readers beside a thousand writers wait in a row when there are too many waits', () => {
    const tasks = Array.from({ length: 2_000 }, (_, index) =>
      index < 1_000 ? task(`t${index}`, ['**']) : task(`t${index}`, [], [`src/${index}.ts`]),
    )
    const waits = [...serialize(tasks).values()].flat()
    expect(waits.length).toBeLessThanOrEqual(100_000)
  })

  test('ten thousand tasks with globs that all may meet are answered', () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) =>
      task(`t${index}`, [], [`**/*a${index}*`]),
    )
    expect(overlaps(tasks)).toHaveLength(MAX_OVERLAPS)
    expect(serialize(tasks).size).toBe(9_999)
  })

  test('globs that would be tried on too many files are compared with each other, and named', () => {
    const [x, y] = [task('x', [], ['k*']), task('y', [], ['*m'])]
    const files = ['k', 'm', ...Array.from({ length: 75_000 }, (_, index) => `d${index}`)]
    expect(overlaps([x, y], files)).toEqual([])
    // Each looks at all that begins with a "d", finds nothing, and waits for the one before it.
    const tasks = Array.from({ length: 140 }, (_, index) =>
      task(`t${index}`, [], ['d', `!z${index}`], index === 0 ? [] : [`t${index - 1}`]),
    )
    const found = overlaps([...tasks, x, y], files)
    expect(found).toMatchObject([{ tasks: ['x', 'y'], kind: 'write/write' }])
    expect(found[0]?.files.toSorted()).toEqual(['*m', 'k*'])
  })

  test('a chain of ten thousand tasks on one file is no overlap', () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) =>
      task(`t${index}`, [], ['x'], index === 0 ? [] : [`t${index - 1}`]),
    )
    expect(overlaps(tasks)).toEqual([])
  })
})
