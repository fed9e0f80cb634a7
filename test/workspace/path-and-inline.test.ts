import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workspaces } from '../../src/workspace/workspaces.ts'
import {
  aPlace,
  aPlan,
  aTask,
  everythingIn,
  git,
  running,
  temporaryFolder,
  writeFiles,
} from './fixtures.ts'

test('allows a folder inside a root, by a relative or an absolute path', async () => {
  const { root, files } = await aPlace()
  await mkdir(join(root, 'app'))
  expect(await files.check({ path: 'app' })).toEqual([])
  expect(await files.check({ path: join(root, 'app') })).toEqual([])
  expect(await files.check({ path: '.' })).toEqual([])
})

test.each([
  '..',
  '../root-2',
  '/etc',
  'missing',
  'file.txt',
  'out',
  'out/sub',
  'app/../../root-2',
  'a\0b',
])('refuses the path %j, naming the field and not the roots', async (path) => {
  const { root, files } = await aPlace()
  await writeFiles(root, { 'app/a': '', 'file.txt': '', out: { link: '../root-2' } })
  await writeFiles(`${root}-2`, { 'sub/secret': '' })
  const errors = await files.check({ path })
  expect(errors).toEqual([
    { pointer: '/workspace/path', detail: expect.stringContaining('TUTTI_WORKSPACE_ROOTS') },
  ])
  expect(JSON.stringify(errors)).not.toContain(root)
  const open = files.open(aPlan({ path }), aTask('a', { isolated: false }), running)
  await expect(open).rejects.toMatchObject({ code: 'workspace-not-found' })
  expect(await files.listFiles({ path }, running)).toMatchObject({ status: 'refused' })
})

test('opens no folder of the machine unless the operator names one', async () => {
  const { root, files } = await aPlace({ roots: [] })
  expect(await files.check({ path: root })).toEqual([
    { pointer: '/workspace/path', detail: expect.stringContaining('TUTTI_WORKSPACE_ROOTS') },
  ])
})

test('accepts a folder through a link that stays inside a root', async () => {
  const { root, files } = await aPlace()
  await writeFiles(root, { 'app/a': '', alias: { link: 'app' } })
  expect(await files.check({ path: 'alias' })).toEqual([])
})

test("lets tasks that only read share the caller's folder, and copies nothing", async () => {
  const { root, dataDir, files } = await aPlace()
  await writeFiles(root, { 'app/a.ts': 'a' })
  const opened = await files.open(aPlan({ path: 'app' }), aTask('a', { isolated: false }), running)
  expect(opened).toMatchObject({ workspace: { root: join(root, 'app'), writable: false } })
  expect(await opened.collectEdits()).toEqual({ edits: undefined, problem: undefined })
  await opened.close()
  expect(await readFile(join(root, 'app', 'a.ts'), 'utf8')).toBe('a')
  await expect(everythingIn(dataDir)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('lists files and links without following them, and neither .git nor node_modules', async () => {
  const { root, files } = await aPlace()
  await writeFiles(`${root}-2`, { secret: '' })
  await writeFiles(root, {
    'app/b.ts': '',
    'app/sub/a.ts': '',
    'app/.git/config': '',
    'app/node_modules/x/index.js': '',
    'app/sub/node_modules/y.js': '',
    'app/out': { link: `${root}-2` },
    'app/loop': { link: '.' },
    'app/sub/up': { link: '../b.ts' },
    'app/to-be': { link: 'sub/new.ts' },
    'app/ä "x".ts': '',
  })
  expect(await files.listFiles({ path: 'app' }, running)).toEqual({
    status: 'listed',
    files: ['b.ts', 'loop', 'out', 'sub/a.ts', 'sub/up', 'to-be', 'ä "x".ts'],
    links: new Map([
      ['loop', ''],
      ['sub/up', 'b.ts'],
      ['to-be', 'sub/new.ts'],
    ]),
    truncated: false,
    base: undefined,
  })
})

test('lists no more files than it may, and says so', async () => {
  const { root, files } = await aPlace({ limits: { maxListedFiles: 3 } })
  await writeFiles(root, Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, ''])))
  const listing = await files.listFiles({ path: '.' }, running)
  expect(listing).toMatchObject({ status: 'listed', truncated: true })
  expect(listing.status === 'listed' && listing.files).toHaveLength(3)
  const inline = { files: { a: '', b: '', c: '', d: '' } }
  expect(await files.listFiles(inline, running)).toMatchObject({
    files: ['a', 'b', 'c'],
    truncated: true,
  })
})

const IS_GIT = 'must not be inside .git, nor a name that some file systems take for it'

test.each(['git~1', 'GIT~1/x', '.git .', '.git::$INDEX', '.g\u200cit/config', 'a\\.git', 'git~1.'])(
  'refuses %j as an inline file before git would',
  async (path) => {
    const { files } = await aPlace()
    expect(await files.check({ files: { [path]: '' } })).toEqual([
      {
        pointer: `/workspace/files/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        detail: IS_GIT,
      },
    ])
  },
)

test('takes inline files that only resemble .git', async () => {
  const { files } = await aPlace()
  const spec = { files: { 'git~2': '', '.gitignore': '', '.github/x': '', 'a.git': '', git: '' } }
  expect(await files.check(spec)).toEqual([])
})

test('names inline files that cannot be written', async () => {
  const { files } = await aPlace()
  const spec = { files: { 'a/b': '', a: '', 'x/.GIT/config': '', ['n'.repeat(256)]: '', ok: '' } }
  expect(await files.check(spec)).toEqual([
    { pointer: '/workspace/files/a~1b', detail: 'lies below "a", which is a file' },
    { pointer: '/workspace/files/x~1.GIT~1config', detail: IS_GIT },
    { pointer: `/workspace/files/${'n'.repeat(256)}`, detail: 'has a name of more than 255 bytes' },
  ])
  expect(await files.check({ files: { 'src/a.ts': '', 'src/b.ts': '' } })).toEqual([])
})

test('writes inline files once for all readers of a plan, and reads them from the plan once', async () => {
  const { files } = await aPlace()
  let reads = 0
  const plan = {
    ...aPlan({ files: true }),
    inlineFiles: async () => {
      reads++
      return { 'src/a.ts': 'a', 'b.ts': 'ü' }
    },
  }
  const opened = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      files.open(plan, aTask(`t${n}`, { isolated: false }), running),
    ),
  )
  expect(reads).toBe(1)
  const roots = new Set(opened.map(({ workspace }) => workspace.root))
  expect(roots.size).toBe(1)
  const [root = ''] = roots
  expect(await everythingIn(root)).toEqual(['b.ts', 'src', 'src/a.ts'])
  expect(await readFile(join(root, 'b.ts'), 'utf8')).toBe('ü')
  await opened[0]?.close()
  expect(await everythingIn(root)).toHaveLength(3)
})

test('removes everything of a forgotten plan, and builds it again on request', async () => {
  const { dataDir, files } = await aPlace()
  const plan = aPlan({ files: true }, { a: 'a' })
  await files.open(plan, aTask('a', { isolated: false }), running)
  await files.open(plan, aTask('b'), running)
  await files.forget(plan.planId)
  expect(await everythingIn(dataDir)).toEqual(['workspaces'])
  await files.forget(plan.planId)
  const again = await files.open(plan, aTask('a', { isolated: false }), running)
  expect(await everythingIn(again.workspace.root)).toEqual(['a'])
})

test('forgets plans that are no longer kept, whatever characters their ids contain', async () => {
  const { dataDir, files } = await aPlace()
  const plans = ['../kept', '..', 'a/b'].map((planId) => ({
    ...aPlan({ files: true }, { a: '' }),
    planId,
    folder: planId,
  }))
  for (const plan of plans) await files.open(plan, aTask('a', { isolated: false }), running)
  // A process that died while it removed a plan.
  await writeFiles(dataDir, { 'workspaces/.removed-1/x': '' })
  const asked: string[] = []
  await files.sweep(async (planId) => {
    asked.push(planId)
    return planId === '../kept'
  })
  expect(asked.sort()).toEqual(['..', '../kept', 'a/b'])
  const left = await everythingIn(join(dataDir, 'workspaces'))
  expect(left.filter((path) => !path.includes('/'))).toEqual(['%2E%2E%2Fkept'])
})

test('ends the search of a stray git command, even when the data folder lies in a repository', async () => {
  const repository = await temporaryFolder()
  await git(repository, 'init', '--quiet')
  const files = workspaces({ dataDir: join(repository, '.tutti'), roots: [], gitHosts: [] })
  const plan = aPlan({ files: true }, { a: '' })
  for (const isolated of [true, false]) {
    const { workspace } = await files.open(plan, aTask('a', { isolated }), running)
    await writeFile(join(workspace.root, 'b'), '')
    await expect(git(workspace.root, 'add', '.')).rejects.toThrow('not a git repository')
  }
})

test('stops waiting for a workspace when the task is aborted', async () => {
  const { files } = await aPlace()
  const slow = Promise.withResolvers<Record<string, string>>()
  const plan = { ...aPlan({ files: true }), inlineFiles: () => slow.promise }
  const controller = new AbortController()
  const opening = files.open(plan, aTask('a'), controller.signal)
  controller.abort(new Error('cancelled'))
  await expect(opening).rejects.toThrow('cancelled')
  // The work that it waited for continues for the others.
  slow.resolve({ a: 'a' })
  const { workspace } = await files.open(plan, aTask('b'), running)
  expect(await everythingIn(workspace.root)).toEqual(['a'])
})
