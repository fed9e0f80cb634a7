import { execFileSync } from 'node:child_process'
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ToolSet } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fileTools } from '../../../../src/executors/model/tools/file-tools.ts'

const SECRET = 'TOP-SECRET-OF-THE-HOST'

let base: string
let root: string
let tools: ToolSet

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tutti-tools-'))
  root = join(base, 'workspace')
  await mkdir(join(root, 'src/deep'), { recursive: true })
  await mkdir(join(root, '.git/hooks'), { recursive: true })
  await mkdir(join(root, 'node_modules/pkg'), { recursive: true })
  await mkdir(join(base, 'outside'))
  await writeFile(join(base, 'outside/secret.ts'), `${SECRET}\n`)
  await writeFile(join(base, 'workspace-neighbour'), `${SECRET}\n`)
  await writeFile(join(root, '.git/config'), `${SECRET}\n`)
  await writeFile(join(root, 'node_modules/pkg/index.ts'), 'needle in a package\n')
  await writeFile(join(root, 'src/a.ts'), 'one\ntwo needle\nthree\nfour\n')
  await writeFile(join(root, 'src/deep/b.ts'), 'a needle too\n')
  await writeFile(join(root, 'src/windows.ts'), 'first\r\nsecond\r\n')
  await writeFile(join(root, 'picture.png'), Buffer.from([137, 80, 78, 71, 0, 1, 2]))
  await writeFile(join(root, '.gitignore'), '*.log\n')
  await writeFile(join(root, 'noise.log'), 'needle in the noise\n')
  // Traps: links out of the workspace, to its repository, in a circle, and to a good place.
  await symlink(join(base, 'outside'), join(root, 'absolute'))
  await symlink('../../outside', join(root, 'src/relative'))
  await symlink('../outside/secret.ts', join(root, 'file-link.ts'))
  await symlink('.git', join(root, 'harmless'))
  await symlink('circle', join(root, 'circle'))
  await symlink('src', join(root, 'inner'))
  execFileSync('mkfifo', [join(root, 'pipe')])
  tools = await toolsFor(['src/**', 'new', 'file-link.ts', 'absolute/**', 'picture.png'])
})
afterEach(() => rm(base, { recursive: true, force: true }))

async function toolsFor(writes: string[]): Promise<ToolSet> {
  const opened = await fileTools({
    workspace: { root, writable: true },
    chosen: undefined,
    writes,
  })
  return opened.tools
}

async function call(name: string, input: object): Promise<string> {
  const options = { toolCallId: '1', messages: [], context: {} }
  const result: unknown = await tools[name]?.execute?.(input as never, options as never)
  return String(result)
}

test('reads lines with their numbers, from where it is asked to', async () => {
  expect(await call('read', { path: 'src/a.ts' })).toBe('1\tone\n2\ttwo needle\n3\tthree\n4\tfour')
  expect(await call('read', { path: './src/a.ts', offset: 2, limit: 2 })).toBe(
    '2\ttwo needle\n3\tthree\n[lines 2 to 3 of 4; go on with offset 4]',
  )
  expect(await call('read', { path: 'src/a.ts', offset: 9 })).toBe('src/a.ts has 4 lines.')
  expect(await call('read', { path: 'inner/a.ts', limit: 1 })).toContain('1\tone')
})

test('says of what it cannot read why', async () => {
  expect(await call('read', { path: 'picture.png' })).toBe(
    'Error: picture.png is a binary file of 7 bytes.',
  )
  expect(await call('read', { path: 'nothing.ts' })).toBe('Error: There is no nothing.ts.')
  expect(await call('read', { path: 'src' })).toBe('Error: src is a folder.')
  expect(await call('read', { path: 'pipe' })).toBe('Error: pipe is not a regular file.')
  expect(await call('list', { path: 'src/a.ts' })).toMatch(/^Error: /)
  await writeFile(join(root, 'big.txt'), 'x'.repeat(6_000_000))
  expect(await call('read', { path: 'big.txt' })).toMatch(/^Error: big.txt has 6000000 bytes/)
})

test('cuts what is too long, and says so', async () => {
  await writeFile(join(root, 'long.txt'), `${'y'.repeat(5_000)}\n${'line\n'.repeat(20_000)}`)
  const text = await call('read', { path: 'long.txt' })
  expect(text.length).toBeLessThan(45_000)
  expect(text).toContain('[cut: 5000 characters]')
  expect(text).toMatch(/\[lines 1 to \d+ of 20001; go on with offset \d+\]$/)
})

test('lists folders, and names links as such', async () => {
  expect(await call('list', {})).toBe(
    [
      '.gitignore',
      'absolute@',
      'circle@',
      'file-link.ts@',
      'harmless@',
      'inner@',
      'node_modules/',
      'noise.log',
      'picture.png',
      'pipe',
      'src/',
    ].join('\n'),
  )
  expect(await call('list', { path: '/' })).toContain('src/')
})

test('finds files by glob, without packages, ignored files and links', async () => {
  expect(await call('glob', { pattern: '*.ts' })).toBe('src/a.ts\nsrc/deep/b.ts\nsrc/windows.ts')
  expect(await call('glob', { pattern: 'src/*.ts' })).toBe('src/a.ts\nsrc/windows.ts')
  expect(await call('glob', { pattern: '*.ts', path: 'src/deep' })).toBe('src/deep/b.ts')
  expect(await call('glob', { pattern: '**/*.{png,log}' })).toContain('picture.png')
  expect(await call('glob', { pattern: '*.go' })).toBe('No file matches *.go.')
})

test('searches text, with context where it is asked for', async () => {
  expect(await call('grep', { pattern: 'needle' })).toBe(
    'src/a.ts:2: two needle\nsrc/deep/b.ts:1: a needle too',
  )
  expect(await call('grep', { pattern: 'NEEDLE', ignoreCase: true, path: 'src/a.ts' })).toBe(
    'src/a.ts:2: two needle',
  )
  expect(await call('grep', { pattern: 'two', context: 1 })).toBe(
    'src/a.ts:1: one\nsrc/a.ts:2: two needle\nsrc/a.ts:3: three',
  )
  expect(await call('grep', { pattern: 'needle', glob: 'b.ts' })).toBe(
    'src/deep/b.ts:1: a needle too',
  )
  expect(await call('grep', { pattern: 'haystack' })).toBe('Nothing matches.')
  expect(await call('grep', { pattern: '(' })).toMatch(/^Error: That pattern is not valid/)
})

test('stops searching at a limit, and says that there is more', async () => {
  for (let file = 0; file < 10; file += 1) {
    await writeFile(join(root, `src/many-${file}.ts`), 'hit\n'.repeat(100))
  }
  const text = await call('grep', { pattern: 'hit' })
  expect(text).toMatch(/\[cut: there are more matches; search for something narrower\]$/)
})

describe('what leads out of the workspace', () => {
  const ESCAPES = [
    '../workspace-neighbour',
    '..',
    'src/../../outside/secret.ts',
    '/etc/passwd',
    'absolute/secret.ts',
    'absolute',
    'src/relative/secret.ts',
    'file-link.ts',
    'circle',
    '.git/config',
    '.git',
    '.GIT/config',
    'harmless/config',
    'harmless',
    'src/\0/../../outside/secret.ts',
    `too/${'long/'.repeat(1_000)}x`,
  ]

  test.each(ESCAPES)('is not read, listed or searched: %j', async (path) => {
    for (const [tool, input] of [
      ['read', { path }],
      ['list', { path }],
      ['grep', { pattern: 'SECRET|root', path }],
      ['glob', { pattern: '*', path }],
    ] as const) {
      const result = await call(tool, input)
      expect(result).not.toContain(SECRET)
      expect(result).not.toMatch(/secret\.ts:\d/)
      expect(result, tool).toMatch(/^Error: /)
      expect(result).not.toContain(base)
    }
  })

  test.each(ESCAPES)('is not written, edited or deleted: %j', async (path) => {
    tools = await toolsFor(['**'])
    for (const [tool, input] of [
      ['write', { path, content: 'overwritten' }],
      ['edit', { path, oldText: SECRET, newText: 'overwritten' }],
      ['write', { path: `${path}/new.ts`, content: 'overwritten' }],
    ] as const) {
      expect(await call(tool, input), tool).toMatch(/^Error: /)
    }
    expect(await readFile(join(base, 'outside/secret.ts'), 'utf8')).toBe(`${SECRET}\n`)
    expect(await readFile(join(root, '.git/config'), 'utf8')).toBe(`${SECRET}\n`)
    expect(await readdir(join(base, 'outside'))).toEqual(['secret.ts'])
  })

  test.each([
    'absolute/*.ts',
    'absolute/**',
    'src/relative/*.ts',
    'src/relative/secret.ts',
    '{absolute,src}/secret.ts',
    'file-link.ts',
    'harmless/*',
    '.git/*',
    '.git/config',
    '../outside/*',
    '/etc/*',
  ])('is not found by the glob %j', async (pattern) => {
    expect(await call('glob', { pattern })).toMatch(
      /^(No file matches|Error: A pattern is relative)/,
    )
    expect(await call('grep', { pattern: 'SECRET|root', glob: pattern })).toMatch(
      /^(Nothing matches|Error: A pattern is relative)/,
    )
  })

  test('is not reached by swapping a folder for a link while it is read and written', async () => {
    tools = await toolsFor(['**'])
    await mkdir(join(root, 'swap'))
    await writeFile(join(root, 'swap/secret.ts'), 'harmless\n')
    let isSwapping = true
    const swapping = (async () => {
      // A write may make the folder anew at any moment, so each step may find it there or not.
      while (isSwapping) {
        await rename(join(root, 'swap'), join(root, 'kept')).catch(() => {})
        await rm(join(root, 'swap'), { recursive: true, force: true }).catch(() => {})
        await symlink(join(base, 'outside'), join(root, 'swap')).catch(() => {})
        await rm(join(root, 'swap'), { recursive: true, force: true }).catch(() => {})
        await rename(join(root, 'kept'), join(root, 'swap')).catch(() => {})
      }
    })()
    const results: string[] = []
    for (let round = 0; round < 300; round += 1) {
      results.push(
        ...(await Promise.all([
          call('read', { path: 'swap/secret.ts' }),
          call('list', { path: 'swap' }),
          call('write', { path: `swap/new-${round}.ts`, content: 'x' }),
          call('edit', { path: 'swap/secret.ts', oldText: 'harmless', newText: 'harmless' }),
          call('delete', { path: `swap/new-${round}.ts` }),
        ])),
      )
      if (round % 30 === 0) results.push(await call('grep', { pattern: 'SECRET|harmless' }))
    }
    isSwapping = false
    await swapping
    expect(results.join('\n')).not.toContain(SECRET)
    expect(results.some((result) => result.includes('harmless'))).toBe(true)
    expect(await readdir(join(base, 'outside'))).toEqual(['secret.ts'])
    expect(await readFile(join(base, 'outside/secret.ts'), 'utf8')).toBe(`${SECRET}\n`)
  })
})

describe('writing', () => {
  test('creates files and folders, and replaces what is there', async () => {
    expect(await call('write', { path: 'src/x/y/new.ts', content: 'new\n' })).toBe(
      'Created src/x/y/new.ts.',
    )
    expect(await call('write', { path: 'src/x/y/new.ts', content: 'newer\n' })).toBe(
      'Replaced src/x/y/new.ts.',
    )
    expect(await readFile(join(root, 'src/x/y/new.ts'), 'utf8')).toBe('newer\n')
    expect(await call('write', { path: 'new/file', content: '' })).toBe('Created new/file.')
  })

  test('edits a piece that occurs once, or all of them', async () => {
    const edit = (input: object) => call('edit', { path: 'src/a.ts', ...input })
    expect(await edit({ oldText: 'o', newText: '0' })).toMatch(/^Error: oldText occurs 3 times/)
    expect(await edit({ oldText: 'nope', newText: '' })).toMatch(/^Error: oldText does not occur/)
    expect(await edit({ oldText: 'two', newText: '$& 2' })).toBe(
      'Replaced 1 occurrence in src/a.ts.',
    )
    expect(await edit({ oldText: 'o', newText: '0', replaceAll: true })).toBe(
      'Replaced 2 occurrences in src/a.ts.',
    )
    expect(await readFile(join(root, 'src/a.ts'), 'utf8')).toBe('0ne\n$& 2 needle\nthree\nf0ur\n')
  })

  test('keeps the line ends of a file', async () => {
    await call('edit', { path: 'src/windows.ts', oldText: 'first\nsecond', newText: 'a\nb' })
    expect(await readFile(join(root, 'src/windows.ts'), 'utf8')).toBe('a\r\nb\r\n')
  })

  test('two edits of one file at the same time both last', async () => {
    await Promise.all([
      call('edit', { path: 'src/a.ts', oldText: 'one', newText: 'ONE' }),
      call('edit', { path: 'src/a.ts', oldText: 'four', newText: 'FOUR' }),
    ])
    expect(await readFile(join(root, 'src/a.ts'), 'utf8')).toBe('ONE\ntwo needle\nthree\nFOUR\n')
  })

  test('keeps the mode of a file, and leaves nothing else behind', async () => {
    await writeFile(join(root, 'src/run.sh'), 'echo\n', { mode: 0o755 })
    await call('write', { path: 'src/run.sh', content: 'echo 2\n' })
    expect((await lstat(join(root, 'src/run.sh'))).mode & 0o777).toBe(0o755)
    expect((await readdir(join(root, 'src'))).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('deletes files, and of a link only the link', async () => {
    expect(await call('delete', { path: 'src/a.ts' })).toBe('Deleted src/a.ts.')
    expect(await call('delete', { path: 'src/a.ts' })).toBe('Error: There is no src/a.ts.')
    expect(await call('delete', { path: 'src/deep' })).toBe('Error: src/deep is a folder.')
    expect(await call('delete', { path: 'file-link.ts' })).toBe('Deleted file-link.ts.')
    expect(await readdir(join(base, 'outside'))).toEqual(['secret.ts'])
  })

  test.each(['README.md', 'other/x.ts', 'srcs/x.ts', 'node_modules/pkg/index.ts'])(
    'is refused outside of what the task may write: %s',
    async (path) => {
      const refused = `Error: ${path} is not among the files that this task may write.`
      expect(await call('write', { path, content: 'x' })).toBe(refused)
      expect(await call('edit', { path, oldText: 'a', newText: 'b' })).toBe(refused)
      expect(await call('delete', { path })).toBe(refused)
    },
  )
})

test('a search ends with the abort, and its process with it', async () => {
  const controller = new AbortController()
  controller.abort()
  const options = { toolCallId: '1', messages: [], context: {}, abortSignal: controller.signal }
  const result = await tools.grep?.execute?.({ pattern: 'x' } as never, options as never)
  expect(String(result)).toMatch(/^Error: /)
})
