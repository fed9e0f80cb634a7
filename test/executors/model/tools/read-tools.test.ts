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

test('reads numbered lines from a given line', async () => {
  expect(await call('read', { path: 'src/a.ts' })).toBe('1\tone\n2\ttwo needle\n3\tthree\n4\tfour')
  expect(await call('read', { path: './src/a.ts', offset: 2, limit: 2 })).toBe(
    '2\ttwo needle\n3\tthree\n[lines 2 to 3 of 4; go on with offset 4]',
  )
  expect(await call('read', { path: 'src/a.ts', offset: 9 })).toBe('src/a.ts has 4 lines.')
  expect(await call('read', { path: 'inner/a.ts', limit: 1 })).toContain('1\tone')
})

test('says why it cannot read something', async () => {
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

test('says that a file that is not UTF-8 cannot be shown completely', async () => {
  await writeFile(join(root, 'old.txt'), Buffer.from('na\xefve\n', 'latin1'))
  expect(await call('read', { path: 'old.txt' })).toMatch(/^1\tna\uFFFDve\n\[not valid UTF-8: /)
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

test('searches text, with context on request', async () => {
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

test('says for each file and in total how many matching lines are shown', async () => {
  for (let file = 0; file < 10; file += 1) {
    await writeFile(join(root, `src/many-${file}.ts`), 'hit\n'.repeat(130))
  }
  expect(await call('grep', { pattern: 'hit', path: 'src/many-3.ts' })).toMatch(
    /src\/many-3.ts:50: hit\n\[src\/many-3.ts: the first 50 of 130 matching lines\]\n\[cut: 130 lines match/,
  )
  const text = await call('grep', { pattern: 'hit' })
  expect(text).toContain('[src/many-0.ts: the first 50 of 130 matching lines]')
  expect(text).toContain('[src/many-9.ts: none of 130 matching lines]')
  expect(text).toMatch(
    /\[cut: 1300 lines match; search for something narrower to see the others\]$/,
  )
})

test('finds lines in files that are too large to read as a whole', async () => {
  const filler = `${'x'.repeat(99)}\n`
  const lines = ['first hit\n', filler.repeat(60_000), 'last hit']
  await writeFile(join(root, 'src/large.txt'), lines.join(''))
  expect(await call('read', { path: 'src/large.txt' })).toContain('Use grep.')
  expect(await call('grep', { pattern: 'hit', path: 'src/large.txt' })).toBe(
    'src/large.txt:1: first hit\nsrc/large.txt:60002: last hit',
  )
  const around = await call('grep', { pattern: 'last', context: 1 })
  expect(around).toMatch(/^src\/large.txt:60001: x+\nsrc\/large.txt:60002: last hit$/)
})

test('shows a match far into a long line', async () => {
  const line = (before: string) => `${before.repeat(30_000)}needle-42${'y'.repeat(50_000)}`
  await writeFile(join(root, 'src/bundle.js'), `short\n${line('x')}\n${line('é')}\n`)
  const text = await call('grep', { pattern: 'needle-42' })
  const [first = '', second = ''] = text.split('\n')
  expect(first).toMatch(
    /^src\/bundle.js:2: x+needle-42y+ \[cut: 80009 characters; from character 29800 on\]$/,
  )
  expect(second).toMatch(
    /^src\/bundle.js:3: é+needle-42y+ \[cut: \d+ characters; from character \d+ on\]$/,
  )
  expect(text.length).toBeLessThan(3_000)
})

test('says that a file matches whose text cannot be shown', async () => {
  await writeFile(join(root, 'src/wide.txt'), `\uFEFF${'needle\n'.repeat(3)}`, 'utf16le')
  expect(await call('grep', { pattern: 'needle', path: 'src/wide.txt' })).toContain(
    'src/wide.txt matches, but is not text',
  )
})

test('a search ends with the abort, and its process with it', async () => {
  const controller = new AbortController()
  controller.abort()
  expect(await call('grep', { pattern: 'x' }, controller.signal)).toMatch(/^Error: /)
})
