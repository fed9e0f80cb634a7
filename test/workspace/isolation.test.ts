import { execFile } from 'node:child_process'
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { OpenedWorkspace } from '../../src/core/ports/workspaces.ts'
import {
  aPlace,
  aPlan,
  aRepository,
  aTask,
  editsOf,
  everythingIn,
  git,
  type Place,
  running,
  temporaryFolder,
  writeFiles,
} from './fixtures.ts'

/** Applies a patch to a repository's checkout as a user would, and gives what `git status` says. */
async function applied(repository: string, patch: string): Promise<string[]> {
  await writeFile(join(repository, '.git', 'patch'), patch)
  await git(repository, 'apply', '--index', '--binary', '.git/patch')
  const status = await git(repository, 'status', '--porcelain')
  return status.split('\n').map((line) => line.trim())
}

function makePipe(path: string): Promise<unknown> {
  return promisify(execFile)('mkfifo', [path])
}

async function opened(place: Place, task = aTask('a')): Promise<OpenedWorkspace> {
  return place.files.open(aPlan({ path: '.' }), task, running)
}

test('gives each task a writable copy and a scratch folder, and leaves the original alone', async () => {
  const place = await aPlace()
  await writeFiles(place.root, { 'a.ts': 'original', 'src/b.ts': 'b' })
  const plan = aPlan({ path: '.' })
  const [first, second] = await Promise.all([
    place.files.open(plan, aTask('first'), running),
    place.files.open(plan, aTask('second'), running),
  ])
  await writeFile(join(first.workspace.root, 'a.ts'), 'changed')
  await writeFile(join(first.workspace.scratch ?? '', 'note'), 'private')
  expect(first.workspace.writable).toBe(true)
  expect(first.base).toBe(second.base)
  expect(plan.pinned).toEqual([first.base])
  expect(await readFile(join(second.workspace.root, 'a.ts'), 'utf8')).toBe('original')
  expect(await everythingIn(second.workspace.scratch ?? '')).toEqual([])
  expect(await readFile(join(place.root, 'a.ts'), 'utf8')).toBe('original')
  expect(await everythingIn(first.workspace.root)).toEqual(['a.ts', 'src', 'src/b.ts'])
  expect(await second.collectEdits()).toEqual({ edits: undefined, problem: undefined })
  const { edits } = await first.collectEdits()
  expect(edits).toMatchObject({ base: first.base, files: ['a.ts'] })
  await first.close()
  await first.close()
  await second.close()
  expect(await everythingIn(join(place.dataDir, 'workspaces', plan.planId, 'tasks'))).toEqual([])
})

test('gives the edits as a patch that git applies: text, binary, new, gone, renamed, mode, link', async () => {
  const place = await aPlace()
  const binary = Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * n) % 256))
  const original: Parameters<typeof writeFiles>[1] = {
    'text.ts': 'one\ntwo\nthree',
    'crlf.txt': 'a\r\nb\r\n',
    'image.bin': binary,
    'latin1.txt': Buffer.from('caf\xe9\n', 'latin1'),
    'gone.ts': 'gone',
    'old/name.ts': 'a text that is long enough\nfor a rename\nto be seen\n',
    'run.sh': '#!/bin/sh\n',
    'becomes-folder': 'file',
    'becomes-file/x': 'x',
    link: { link: 'text.ts' },
    'with "quotes" and ä': 'x',
    '.gitattributes': '* text eol=crlf\n*.bin filter=lfs\n*.ts working-tree-encoding=UTF-16\n',
  }
  await writeFiles(place.root, original)
  const { edits } = await editsOf(place, aPlan({ path: '.' }), aTask('a'), async (folder) => {
    await writeFile(join(folder, 'text.ts'), 'one\n2\nthree')
    await writeFile(join(folder, 'crlf.txt'), 'a\r\nc\r\n')
    await writeFile(join(folder, 'image.bin'), Buffer.concat([binary, Buffer.from([0, 1, 2])]))
    await writeFile(join(folder, 'latin1.txt'), Buffer.from('caf\xe8\n', 'latin1'))
    await unlink(join(folder, 'gone.ts'))
    await mkdir(join(folder, 'new'))
    await rename(join(folder, 'old/name.ts'), join(folder, 'new/name.ts'))
    await chmod(join(folder, 'run.sh'), 0o755)
    await unlink(join(folder, 'becomes-folder'))
    await writeFiles(folder, { 'becomes-folder/y': 'y', 'line\nbreak': 'odd name' })
    await rm(join(folder, 'becomes-file'), { recursive: true })
    await writeFile(join(folder, 'becomes-file'), 'now a file')
    await unlink(join(folder, 'link'))
    await symlink('run.sh', join(folder, 'link'))
    await writeFile(join(folder, 'with "quotes" and ä'), 'y')
    await writeFile(join(folder, 'empty'), '')
    // Written again with what it held.
    await writeFile(join(folder, '.gitattributes'), original['.gitattributes'] as string)
  })
  expect(edits.files).toEqual([
    'becomes-file',
    'becomes-file/x',
    'becomes-folder',
    'becomes-folder/y',
    'crlf.txt',
    'empty',
    'gone.ts',
    'image.bin',
    'latin1.txt',
    'line\nbreak',
    'link',
    'new/name.ts',
    'old/name.ts',
    'run.sh',
    'text.ts',
    'with "quotes" and ä',
  ])
  const repository = await temporaryFolder()
  const { '.gitattributes': _, ...plain } = original
  await aRepository(repository, plain)
  await git(repository, 'config', 'core.quotePath', 'false')
  expect(await applied(repository, edits.patch)).toHaveLength(15)
  expect(await readFile(join(repository, 'text.ts'), 'utf8')).toBe('one\n2\nthree')
  expect(await readFile(join(repository, 'crlf.txt'), 'utf8')).toBe('a\r\nc\r\n')
  expect((await readFile(join(repository, 'image.bin'))).subarray(2998)).toHaveLength(5)
  expect(await readFile(join(repository, 'latin1.txt'), 'latin1')).toBe('caf\xe8\n')
  expect((await lstat(join(repository, 'run.sh'))).mode & 0o111).toBe(0o111)
  expect((await lstat(join(repository, 'link'))).isSymbolicLink()).toBe(true)
  expect(await readFile(join(repository, 'becomes-folder/y'), 'utf8')).toBe('y')
})

test('shows a renamed file as renamed', async () => {
  const place = await aPlace()
  await writeFiles(place.root, { 'old.ts': 'const one = 1\n'.repeat(20) })
  const { edits } = await editsOf(place, aPlan({ path: '.' }), aTask('a'), (folder) =>
    rename(join(folder, 'old.ts'), join(folder, 'new.ts')),
  )
  expect(edits.files).toEqual(['new.ts', 'old.ts'])
  expect(edits.patch).toContain('rename from old.ts\nrename to new.ts\n')
})

test('leaves links out of a copy that lead out of it, and keeps those that stay', async () => {
  const place = await aPlace()
  const outside = await writeFiles(await temporaryFolder(), { secret: 'secret' })
  await writeFiles(place.root, {
    'sub/a': 'a',
    in: { link: 'sub/a' },
    'sub/up': { link: '../sub' },
    dangling: { link: 'nowhere/at/all' },
    absolute: { link: join(outside, 'secret') },
    'own-absolute': { link: join(place.root, 'sub/a') },
    relative: { link: '../../../etc/passwd' },
    chain: { link: 'sub/up/../../relative' },
    'sub/climb': { link: '../../x' },
    loop: { link: 'loop' },
  })
  const one = await opened(place)
  expect(await everythingIn(one.workspace.root)).toEqual([
    'dangling',
    'in',
    'sub',
    'sub/a',
    'sub/up',
  ])
})

test('never follows a link that a task plants, and records it as a link', async () => {
  const place = await aPlace()
  const outside = await writeFiles(await temporaryFolder(), { 'x/secret': 'top secret' })
  await writeFiles(place.root, { 'a.ts': 'a', 'x/secret': 'harmless' })
  const { edits } = await editsOf(place, aPlan({ path: '.' }), aTask('a'), async (folder) => {
    await unlink(join(folder, 'a.ts'))
    await symlink(join(outside, 'x/secret'), join(folder, 'a.ts'))
    await rm(join(folder, 'x'), { recursive: true })
    await symlink(join(outside, 'x'), join(folder, 'x'))
    await symlink('/etc', join(folder, 'etc'))
  })
  expect(edits.files).toEqual(['a.ts', 'etc', 'x', 'x/secret'])
  expect(edits.patch).not.toContain('top secret')
  expect(edits.patch).toContain('new file mode 120000')
})

test('runs nothing that a task plants: .git files, hooks, config, attributes, nested repositories', async () => {
  const place = await aPlace()
  const ran = join(await temporaryFolder(), 'ran')
  const script = `#!/bin/sh\ntouch ${ran}\ncat\n`
  const elsewhere = await aRepository(await temporaryFolder(), { 'their.ts': 'theirs' })
  const head = await git(elsewhere, 'rev-parse', 'HEAD')
  await writeFiles(place.root, { 'a.ts': 'a' })
  const { edits } = await editsOf(place, aPlan({ path: '.' }), aTask('a'), async (folder) => {
    await writeFiles(folder, {
      'evil.sh': script,
      '.git': `gitdir: ${join(elsewhere, '.git')}\n`,
      '.gitattributes': '* filter=evil diff=evil merge=evil\n',
      '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ../x\n\tupdate = !touch /tmp/x\n',
      'nested/.git': `gitdir: ${join(elsewhere, '.git')}\n`,
      'nested/b.ts': 'b',
    })
    await chmod(join(folder, 'evil.sh'), 0o755)
    await git(
      await aRepository(join(folder, 'own'), { 'c.ts': 'c' }),
      'config',
      'core.fsmonitor',
      ran,
    )
    await writeFiles(join(folder, 'own/.git'), {
      'hooks/post-index-change': script,
      'hooks/pre-commit': script,
    })
    const evil = join(folder, 'evil.sh')
    for (const key of [
      'filter.evil.clean',
      'filter.evil.smudge',
      'diff.evil.command',
      'core.sshCommand',
    ]) {
      await git(join(folder, 'own'), 'config', key, evil)
    }
    await writeFile(join(folder, 'a.ts'), 'changed')
  })
  expect(edits.files).toEqual([
    '.gitattributes',
    '.gitmodules',
    'a.ts',
    'evil.sh',
    'nested/b.ts',
    'own/c.ts',
  ])
  await expect(lstat(ran)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await git(elsewhere, 'rev-parse', 'HEAD')).toBe(head)
  expect(await git(elsewhere, 'status', '--porcelain')).toBe('')
})

test('is not led astray by variables of git in its own environment', async () => {
  const place = await aPlace()
  const elsewhere = await aRepository(await temporaryFolder(), { 'their.ts': 'theirs' })
  await writeFiles(place.root, { 'a.ts': 'a' })
  const planted = {
    GIT_DIR: join(elsewhere, '.git'),
    GIT_WORK_TREE: elsewhere,
    GIT_INDEX_FILE: join(elsewhere, '.git', 'index'),
    GIT_OBJECT_DIRECTORY: join(elsewhere, '.git', 'objects'),
    GIT_EXTERNAL_DIFF: '/bin/false',
  }
  const before = await everythingIn(elsewhere)
  Object.assign(process.env, planted)
  try {
    const { edits } = await editsOf(place, aPlan({ path: '.' }), aTask('a'), (folder) =>
      writeFile(join(folder, 'a.ts'), 'b'),
    )
    expect(edits.files).toEqual(['a.ts'])
  } finally {
    for (const name of Object.keys(planted)) delete process.env[name]
  }
  expect(await everythingIn(elsewhere)).toEqual(before)
})

test('leaves ignored files out of the edits, unless the task declared them or they were there before', async () => {
  const place = await aPlace()
  await writeFiles(place.root, {
    '.gitignore': '*.log\ndist/\ngenerated.ts\n',
    'kept.log': 'was here',
    'src/a.ts': 'a',
  })
  const work = (folder: string) =>
    writeFiles(folder, {
      'kept.log.txt': 'x',
      'src/debug.log': 'noise',
      'dist/out.js': 'built',
      'generated.ts': 'generated',
      'node_modules/x/index.js': 'installed',
      'src/new.ts': 'new',
    }).then(() => writeFile(join(folder, 'kept.log'), 'changed'))
  const plan = aPlan({ path: '.' })
  const few = await editsOf(place, plan, aTask('few', { writes: ['src/**', '**'] }), work)
  expect(few.edits.files).toEqual(['kept.log', 'kept.log.txt', 'src/new.ts'])
  const more = await editsOf(
    place,
    plan,
    aTask('more', { writes: ['dist/**', 'generated.ts'] }),
    work,
  )
  expect(more.edits.files).toEqual([
    'dist/out.js',
    'generated.ts',
    'kept.log',
    'kept.log.txt',
    'src/new.ts',
  ])
  const less = aTask('less', { writes: ['dist', '!dist/out.js', '!generated.ts'] })
  const { edits } = await editsOf(place, plan, less, async (folder) => {
    await work(folder)
    await writeFiles(folder, { 'dist/kept.js': 'built' })
  })
  expect(edits.files).toEqual(['dist/kept.js', 'kept.log', 'kept.log.txt', 'src/new.ts'])
})

test('asks about ignored files without following a planted link', async () => {
  const place = await aPlace()
  await writeFiles(place.root, { '.gitignore': 'dist\n' })
  const task = aTask('a', { writes: ['build/out/**'] })
  const { edits } = await editsOf(place, aPlan({ path: '.' }), task, (folder) =>
    symlink('/tmp', join(folder, 'build')),
  )
  expect(edits.files).toEqual(['build'])
})

test('says so when the edits are too large to keep', async () => {
  const place = await aPlace({ limits: { maxChangedBytes: 1000, maxPatchBytes: 200 } })
  await writeFiles(place.root, { a: 'a' })
  const one = await opened(place)
  await writeFile(join(one.workspace.root, 'a'), 'x'.repeat(1001))
  const message = expect.stringContaining('files')
  const tooLarge = { edits: undefined, problem: { code: 'edits-too-large', message } }
  expect(await one.collectEdits()).toMatchObject(tooLarge)
  await writeFile(join(one.workspace.root, 'a'), 'x'.repeat(500))
  expect(await one.collectEdits()).toMatchObject(tooLarge)
})

test('takes no notice of pipes that a task leaves', async () => {
  const place = await aPlace()
  await writeFiles(place.root, { 'a.ts': 'a', b: 'b' })
  const { edits } = await editsOf(place, aPlan({ path: '.' }), aTask('a'), async (folder) => {
    await unlink(join(folder, 'a.ts'))
    await makePipe(join(folder, 'a.ts'))
    await makePipe(join(folder, 'new'))
  })
  expect(edits.files).toEqual(['a.ts'])
  expect(edits.patch).toContain('deleted file mode')
})

test('says so when a task leaves a folder that cannot be read, instead of waiting or guessing', async () => {
  const place = await aPlace()
  await writeFiles(place.root, { 'a.ts': 'a' })
  const plan = aPlan({ path: '.' })
  const elsewhere = await writeFiles(await temporaryFolder(), { 'a.ts': 'elsewhere' })
  const spoils: ((folder: string) => Promise<unknown>)[] = [
    (folder) => makePipe(join(folder, '.gitignore')),
    (folder) => makePipe(join(folder, '.gitattributes')),
    (folder) => rename(folder, `${folder}-moved`),
    (folder) => rename(folder, `${folder}-moved`).then(() => symlink(elsewhere, folder)),
  ]
  for (const [index, spoil] of spoils.entries()) {
    const one = await place.files.open(plan, aTask(`t${index}`), running)
    await writeFiles(one.workspace.root, { new: 'new' })
    await spoil(one.workspace.root)
    expect(await one.collectEdits()).toMatchObject({ problem: { code: 'edits-unreadable' } })
    await one.close()
  }
  expect(await everythingIn(elsewhere)).toEqual(['a.ts'])
})

test('refuses a copy of a folder that is too large', async () => {
  const few = await aPlace({ limits: { maxFiles: 2 } })
  await writeFiles(few.root, { a: '', b: '', c: '' })
  await expect(opened(few)).rejects.toMatchObject({ code: 'workspace-too-large' })
  const small = await aPlace({ limits: { maxBytes: 10 } })
  await writeFiles(small.root, { a: '123456', b: '123456' })
  await expect(opened(small)).rejects.toMatchObject({ code: 'workspace-too-large' })
  expect((await everythingIn(small.dataDir)).filter((path) => path.includes('repository'))).toEqual(
    [],
  )
})

test('copies to the same commit on every machine, and refuses a folder that has changed', async () => {
  const here = await aPlace()
  const there = await aPlace()
  for (const { root } of [here, there]) await writeFiles(root, { 'a.ts': 'a', 'b/c.ts': 'c' })
  const plan = aPlan({ path: '.' })
  const first = await here.files.open(plan, aTask('a'), running)
  const second = await there.files.open(plan, aTask('b'), running)
  expect(second.base).toBe(first.base)

  const third = await aPlace()
  await writeFiles(third.root, { 'a.ts': 'changed since' })
  await expect(third.files.open(plan, aTask('c'), running)).rejects.toMatchObject({
    code: 'workspace-changed',
  })
  const recorded = { ...plan, base: first.base }
  await writeFile(join(here.root, 'a.ts'), 'changed later')
  const late = await here.files.open(recorded, aTask('d'), running)
  expect(await readFile(join(late.workspace.root, 'a.ts'), 'utf8')).toBe('a')
})

test('gives inline files to a task that writes, ignored ones and executable edits included', async () => {
  const place = await aPlace()
  const plan = aPlan({ files: true }, { 'b.log': 'b', '.gitignore': '*.log\n' })
  const { edits } = await editsOf(place, plan, aTask('a'), async (folder) => {
    expect(await everythingIn(folder)).toEqual(['.gitignore', 'b.log'])
    await writeFile(join(folder, 'b.log'), 'changed')
  })
  expect(edits.files).toEqual(['b.log'])
})

test('lets a task find the edits of those it runs after, and gives only its own', async () => {
  const place = await aPlace()
  await writeFiles(place.root, { 'a.ts': 'one\n', 'b.ts': 'one\n' })
  const plan = aPlan({ path: '.' })
  const first = await editsOf(place, plan, aTask('first'), (folder) =>
    writeFile(join(folder, 'a.ts'), 'two\n'),
  )
  const second = await editsOf(place, plan, aTask('second', { after: [first] }), async (folder) => {
    expect(await readFile(join(folder, 'a.ts'), 'utf8')).toBe('two\n')
    await writeFile(join(folder, 'a.ts'), 'three\n')
  })
  expect(second.edits.patch).toContain('-two\n+three\n')
  const third = aTask('third', { after: [first, second] })
  const { workspace, base } = await place.files.open(plan, third, running)
  expect(await readFile(join(workspace.root, 'a.ts'), 'utf8')).toBe('three\n')
  expect(base).not.toBe(first.edits.base)
})

test('keeps twenty tasks of one plan apart', async () => {
  const place = await aPlace()
  await writeFiles(
    place.root,
    Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, `${n}`])),
  )
  const plan = aPlan({ path: '.' })
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      editsOf(place, plan, aTask(`t${n}`), (folder) => writeFile(join(folder, `f${n}`), 'changed')),
    ),
  )
  expect(all.map(({ edits }) => edits.files)).toEqual(all.map((_, n) => [`f${n}`]))
  expect(new Set(all.map(({ edits }) => edits.base)).size).toBe(1)
})
