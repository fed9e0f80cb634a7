import { lstat, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeScope } from '../../../../src/executors/model/tools/write-tools.ts'
import { type TrappedWorkspace, trappedWorkspace } from './trapped-workspace.ts'

let base: string
let root: string
let call: TrappedWorkspace['call']
let remove: TrappedWorkspace['remove']

beforeEach(async () => {
  ;({ base, root, call, remove } = await trappedWorkspace([
    'src/**',
    'new',
    'file-link.ts',
    'absolute/**',
    'picture.png',
  ]))
})
afterEach(() => remove())

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

  test.each([
    ['a new line in a file of Windows', 'a\r\nb\r\n', 'a', 'a\nx', 'a\r\nx\r\nb\r\n'],
    ['a line of a file of both kinds', 'a\nb\r\nc\n', 'b\nc', 'b\nx\nc', 'a\nb\r\nx\r\nc\n'],
    ['the last line, without an end', 'a\r\nb', 'b', 'b\nc', 'a\r\nb\r\nc'],
    ['a file of Unix that is told of other ends', 'a\nb\n', 'a', 'a\r\nx', 'a\nx\nb\n'],
    ['ends that are named, to be changed', 'a\r\nb\r\n', 'a\r\nb\r\n', 'a\nb\n', 'a\nb\n'],
    ['a file with a byte order mark', '\uFEFFa\r\nb', 'b', 'c', '\uFEFFa\r\nc'],
    ['signs of regular expressions', 'f(a)\r\n$1', 'f(a)\n$1', 'g(b)\n$&', 'g(b)\r\n$&'],
  ])('an edit keeps what it does not change: %s', async (_, before, oldText, newText, after) => {
    await writeFile(join(root, 'src/ends.txt'), before)
    await call('edit', { path: 'src/ends.txt', oldText, newText })
    expect(await readFile(join(root, 'src/ends.txt'), 'utf8')).toBe(after)
  })

  test.each([
    ['of Windows', 'a\r\nb\r\n', 'a\nc\nd\n', 'a\r\nc\r\nd\r\n'],
    ['of both kinds', 'a\nb\r\nc\r\nd\n', 'a\nx\ny\nc\nd\n', 'a\nx\r\ny\r\nc\r\nd\n'],
    ['with a byte order mark', '\uFEFFa\r\n', 'b\n', '\uFEFFb\r\n'],
    ['whose last line gets no end', 'a\r\nb\r\n', 'a\nb', 'a\r\nb'],
    ['of Unix', 'a\nb\n', 'a\r\n', 'a\r\n'],
    ['that was empty', '', 'a\n', 'a\n'],
  ])('a new content has the line ends of the file, %s', async (_, before, content, after) => {
    await writeFile(join(root, 'src/ends.txt'), before)
    expect(await call('write', { path: 'src/ends.txt', content })).toBe('Replaced src/ends.txt.')
    expect(await readFile(join(root, 'src/ends.txt'), 'utf8')).toBe(after)
  })

  test.each([
    ['Latin-1', Buffer.from('na\xefve = 1\nother = 2\n', 'latin1')],
    ['Shift JIS', Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x0a, 0x31])],
    ['a broken character', Buffer.from([0x6f, 0xe2, 0x82, 0x0a, 0x31])],
    ['a binary file', Buffer.from([0x31, 0, 1])],
  ])('a file that is no UTF-8 is not damaged: %s', async (_, bytes) => {
    const path = 'src/old.txt'
    await writeFile(join(root, path), bytes)
    expect(await call('edit', { path, oldText: '1', newText: '2' })).toMatch(
      /^Error: src\/old.txt is/,
    )
    expect(await call('write', { path, content: 'new' })).toMatch(/^Error: .*delete it first\.$/)
    expect(await readFile(join(root, path))).toEqual(bytes)
    await call('delete', { path })
    expect(await call('write', { path, content: 'new' })).toBe('Created src/old.txt.')
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

test('what a task may write is what its globs are compared with others for', () => {
  const may = (globs: string[], path: string) => writeScope(globs)(path)
  expect(may(['src', '!src/db.ts'], 'src/auth/login.ts')).toBe(true)
  expect(may(['src', '!src/db.ts'], 'src/db.ts')).toBe(false)
  // It takes away, and gives nothing.
  expect(may(['src/**', '!src/db.ts'], 'README.md')).toBe(false)
  expect(may(['src/*'], 'src/auth/login.ts')).toBe(false)
  expect(may(['src/*/'], 'src/auth/login.ts')).toBe(true)
  expect(may(['.//src//*.ts'], 'src/db.ts')).toBe(true)
  expect(may(['.'], 'README.md')).toBe(true)
  expect(may(['app/[id]/page.ts'], 'app/[id]/page.ts')).toBe(true)
})
