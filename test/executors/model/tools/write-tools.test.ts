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
