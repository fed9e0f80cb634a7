import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aPlace, aPlan, aRepository, running, writeFiles } from './fixtures.ts'

test('the files of a folder are named and read, and nothing outside of it', async () => {
  const { root, files } = await aPlace()
  await writeFiles(root, {
    'app/a.ts': 'one\n',
    'app/b/c.ts': 'two\n',
    'app/binary': 'a\0b',
    'app/large.txt': 'x'.repeat(2_000_001),
    'app/.git/config': 'token',
    secret: 'no',
    'app/out': { link: '../secret' },
    'app/folder': { link: '..' },
  })
  const readable = await files.readable(aPlan({ path: 'app' }), running)
  expect(readable.paths).toEqual(['a.ts', 'b/c.ts', 'binary', 'large.txt'])
  expect(await readable.read('b/c.ts')).toBe('two\n')
  for (const path of [
    'binary',
    'large.txt',
    'out',
    'folder/secret',
    '../secret',
    '.git/config',
    'missing',
    '/etc/passwd',
  ]) {
    expect(await readable.read(path)).toBeUndefined()
  }
})

test('inline files and those of a commit are read alike', async () => {
  const { root, files } = await aPlace()
  const inline = await files.readable(aPlan({ files: {} }, { 'a.ts': 'one\n' }), running)
  expect([inline.paths, await inline.read('a.ts')]).toEqual([['a.ts'], 'one\n'])
  await aRepository(join(root, 'app'), { 'src/a.ts': 'two\n' })
  const url = `file://${join(root, 'app')}`
  const place = await aPlace({ gitSchemes: ['file'], roots: [root] })
  const commit = await place.files.readable(aPlan({ git: { url, ref: 'main' } }), running)
  expect([commit.paths, await commit.read('src/a.ts')]).toEqual([['src/a.ts'], 'two\n'])
})
