import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TrappedWorkspace, trappedWorkspace } from './trapped-workspace.ts'

let root: string
let call: TrappedWorkspace['call']
let remove: TrappedWorkspace['remove']

beforeEach(async () => {
  ;({ root, call, remove } = await trappedWorkspace([]))
})
afterEach(() => remove())

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

test('a search ends with the abort, and its process with it', async () => {
  const controller = new AbortController()
  controller.abort()
  expect(await call('grep', { pattern: 'x' }, controller.signal)).toMatch(/^Error: /)
})
