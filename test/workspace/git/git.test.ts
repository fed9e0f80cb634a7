import { execFile } from 'node:child_process'
import { chmod, lstat, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { TransientError } from '../../../src/core/contract/errors.ts'
import {
  aPlace,
  aPlan,
  aRepository,
  aTask,
  editsOf,
  everythingIn,
  git,
  running,
  temporaryFolder,
  writeFiles,
} from '../fixtures.ts'
import { guarded, plain, serve, smart } from './git-server.ts'

const reading = (taskId = 'reader') => aTask(taskId, { isolated: false })

/** A place whose root holds a repository, and the plan's `git` part for it. */
async function aLocalRepository(
  files: Parameters<typeof writeFiles>[1] = { 'a.ts': 'a' },
  options: Parameters<typeof aPlace>[0] = {},
) {
  const place = await aPlace({ gitSchemes: ['file'], ...options })
  const repository = await aRepository(join(place.root, 'repository'), files)
  const url = pathToFileURL(repository).href
  return { place, repository, url, spec: { git: { url } } }
}

/** A bare repository as an HTTP server has it, with one file. */
async function aServedRepository(): Promise<{ folder: string; head: string; work: string }> {
  const work = await aRepository(await temporaryFolder(), { 'a.ts': 'a', 'sub/b.ts': 'b' })
  const folder = await temporaryFolder()
  await git(folder, 'clone', '--quiet', '--bare', work, 'code.git')
  await git(join(folder, 'code.git'), 'update-server-info')
  return { folder, work, head: await git(work, 'rev-parse', 'HEAD') }
}

test('gives readers one shared checkout, and writers a folder each, of the newest commit', async () => {
  const { place, repository, spec } = await aLocalRepository({ 'a.ts': 'a', 'sub/b.ts': 'b' })
  const head = await git(repository, 'rev-parse', 'HEAD')
  const plan = aPlan(spec)
  const readers = await Promise.all([
    place.files.open(plan, reading('one'), running),
    place.files.open(plan, reading('two'), running),
  ])
  const writer = await place.files.open(plan, aTask('writer'), running)
  expect(readers[0]?.workspace).toEqual({ root: readers[1]?.workspace.root, writable: false })
  expect([...readers, writer].map(({ base }) => base)).toEqual([head, head, head])
  expect(plan.pinned).toEqual([head])
  for (const { workspace } of [...readers, writer]) {
    expect(await everythingIn(workspace.root)).toEqual(['a.ts', 'sub', 'sub/b.ts'])
  }
})

test('finds a branch, a tag, an annotated tag and a commit', async () => {
  const { place, repository, url } = await aLocalRepository()
  await git(repository, 'switch', '--quiet', '-c', 'topic/one')
  await writeFiles(repository, { 'topic.ts': 'topic' })
  await git(repository, 'add', '.')
  await git(repository, 'commit', '--quiet', '-m', 'topic')
  await git(repository, 'tag', 'light')
  await git(repository, 'tag', '-a', '-m', 'tag', 'v1.0')
  const head = await git(repository, 'rev-parse', 'HEAD')
  const older = await git(repository, 'rev-parse', 'HEAD~1')
  await git(repository, 'switch', '--quiet', 'main')
  for (const ref of ['topic/one', 'light', 'v1.0', 'refs/heads/topic/one', head, older]) {
    const { base } = await place.files.open(aPlan({ git: { url, ref } }), reading(), running)
    expect(base).toBe(ref === older ? older : head)
  }
  const listing = await place.files.listFiles({ git: { url, ref: 'light' } }, running)
  expect(listing).toEqual({
    status: 'listed',
    files: ['a.ts', 'topic.ts'],
    truncated: false,
    base: head,
  })
})

test('lists the links of a commit with their targets', async () => {
  const { place, repository, url } = await aLocalRepository()
  await writeFiles(repository, {
    'docs/first': { link: '../a.ts' },
    'docs/here': { link: '..' },
    'docs/out': { link: '../../secret' },
    'docs/root': { link: '/etc' },
  })
  await git(repository, 'add', '.')
  await git(repository, 'commit', '--quiet', '-m', 'links')
  const listing = await place.files.listFiles({ git: { url } }, running)
  expect(listing).toMatchObject({
    files: ['a.ts', 'docs/first', 'docs/here', 'docs/out', 'docs/root'],
    links: new Map([
      ['docs/first', 'a.ts'],
      ['docs/here', ''],
    ]),
  })
})

test('keeps a plan on the commit it started from, whatever happens to the branch', async () => {
  const { place, repository, spec } = await aLocalRepository()
  const plan = aPlan(spec)
  const first = await place.files.open(plan, aTask('first'), running)
  await writeFile(join(repository, 'a.ts'), 'b')
  await git(repository, 'commit', '--quiet', '--amend', '-a', '-m', 'rewritten')
  const second = await place.files.open(plan, aTask('second'), running)
  expect(second.base).toBe(first.base)

  // On a machine that has fetched nothing yet, before and after it is lost at the source.
  const recorded = { ...plan, base: first.base }
  const there = await aPlace({ gitSchemes: ['file'], roots: [place.root] })
  const third = await there.files.open(recorded, aTask('third'), running)
  expect(await readFile(join(third.workspace.root, 'a.ts'), 'utf8')).toBe('a')
  await git(repository, 'reflog', 'expire', '--expire=now', '--all')
  await git(repository, 'gc', '--quiet', '--prune=now')
  const late = await aPlace({ gitSchemes: ['file'], roots: [place.root] })
  await expect(late.files.open(recorded, aTask('d'), running)).rejects.toMatchObject({
    code: 'workspace-changed',
  })
})

test('follows the base that another machine has recorded first', async () => {
  const { place, repository, spec } = await aLocalRepository()
  const older = await git(repository, 'rev-parse', 'HEAD')
  await writeFiles(repository, { 'b.ts': 'b' })
  await git(repository, 'add', '.')
  await git(repository, 'commit', '--quiet', '-m', 'newer')
  const plan = { ...aPlan(spec), pinBase: async () => older }
  const { base, workspace } = await place.files.open(plan, aTask('a'), running)
  expect(base).toBe(older)
  expect(await everythingIn(workspace.root)).toEqual(['a.ts'])
})

test.each([
  ['https://github.com/owner/name', 'TUTTI_GIT_HOSTS'],
  ['https://allowed.example:8443/x', 'TUTTI_GIT_HOSTS'],
  ['http://allowed.example/x', 'scheme'],
  ['ssh://git@allowed.example/x', 'scheme'],
  ['file:///etc', 'scheme'],
  ['ext::sh -c touch% /tmp/x', 'URL'],
  ['ext::sh', 'scheme'],
  ['git@allowed.example:owner/name', 'URL'],
  ['/srv/code.git', 'URL'],
  ['../code.git', 'URL'],
  ['--upload-pack=touch /tmp/x', 'URL'],
  ['https://user:secret@allowed.example/x', 'credential'],
  ['https://allowed.example/x\ny', 'URL'],
])('refuses the repository %j', async (url, reason) => {
  const { files } = await aPlace({ gitHosts: ['allowed.example'] })
  const errors = await files.check({ git: { url } })
  expect(errors).toEqual([
    { pointer: '/workspace/git/url', detail: expect.stringContaining(reason) },
  ])
  expect(JSON.stringify(errors)).not.toContain('secret')
  const opening = files.open(aPlan({ git: { url } }), aTask('a'), running)
  await expect(opening).rejects.toMatchObject({ code: 'workspace-refused' })
  expect(await files.listFiles({ git: { url } }, running)).toEqual({ status: 'refused', errors })
})

test('refuses a repository on this machine outside of the roots, through a link too', async () => {
  const place = await aPlace({ gitSchemes: ['file'] })
  const outside = await aRepository(await temporaryFolder(), { 'a.ts': 'a' })
  await writeFiles(place.root, { link: { link: outside } })
  for (const path of [outside, join(place.root, 'link'), `${place.root}/../root/link`]) {
    expect(await place.files.check({ git: { url: `file://${path}` } })).toEqual([
      { pointer: '/workspace/git/url', detail: expect.stringContaining('TUTTI_WORKSPACE_ROOTS') },
    ])
  }
})

test.each([
  '--upload-pack=x',
  '-x',
  'a..b',
  'a b',
  'main:refs/heads/x',
  '+main',
  'a~1',
  'a^',
  'refs/*',
  '@{1}',
  'a@{1}',
  'x.lock',
  'a//b',
  '/a',
  'a/',
  'a\\b',
  'a\nb',
])('refuses the ref %j', async (ref) => {
  const { place, url } = await aLocalRepository()
  expect(await place.files.check({ git: { url, ref } })).toEqual([
    { pointer: '/workspace/git/ref', detail: expect.any(String) },
  ])
})

test('gives a credential to no host but its own', async () => {
  const { files } = await aPlace({
    gitHosts: ['a.example', 'b.example'],
    credentials: { mine: { host: 'a.example', token: 'secret' } },
  })
  const check = (url: string, credential: string) => files.check({ git: { url, credential } })
  expect(await check('https://a.example/x', 'mine')).toEqual([])
  const refused = [{ pointer: '/workspace/git/credential', detail: expect.any(String) }]
  expect(await check('https://b.example/x', 'mine')).toEqual(refused)
  expect(await check('https://a.example/x', 'other')).toEqual(refused)
  expect(await check('https://a.example/x', 'constructor')).toEqual(refused)
})

test('says which ref or repository is not there', async () => {
  const { place, url } = await aLocalRepository()
  for (const spec of [{ url, ref: 'missing' }, { url: pathToFileURL(place.root).href }]) {
    const opening = place.files.open(aPlan({ git: spec }), aTask('a'), running)
    await expect(opening).rejects.toMatchObject({ code: 'workspace-not-found' })
    expect(await place.files.listFiles({ git: spec }, running)).toEqual({
      status: 'refused',
      errors: [{ pointer: '/workspace/git', detail: expect.any(String) }],
    })
  }
})

test('what a task writes below a submodule leaves the commit that the repository names', async () => {
  const { place, repository, spec } = await aLocalRepository({ 'a.ts': 'a\n' })
  await git(repository, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`)
  await git(repository, 'commit', '--quiet', '-m', 'a submodule')
  const plan = aPlan(spec)
  const inside = await editsOf(place, plan, aTask('inside'), (folder) =>
    writeFiles(folder, { 'a.ts': 'b\n', 'sub/deep/x.ts': 'x', 'sub.ts': 'beside' }),
  )
  expect(inside.edits.files).toEqual(['a.ts', 'sub.ts'])
  const { commit } = await place.files.merge(plan, [inside], running)
  const gitDir = join(place.dataDir, 'workspaces', plan.planId, 'repository')
  expect(await git(gitDir, 'ls-tree', commit ?? '', 'sub')).toContain(
    `160000 commit ${'1'.repeat(40)}`,
  )
})

test('runs nothing that the source repository brings: hooks, config, filters, submodules', async () => {
  const ran = join(await temporaryFolder(), 'ran')
  const { place, repository, spec } = await aLocalRepository({
    '.gitattributes':
      '* filter=evil\n*.txt text eol=crlf\n*.big filter=lfs diff=lfs merge=lfs -text\n',
    'a.ts': 'a\n',
    'lines.txt': 'a\nb\n',
    'x.big': 'version https://git-lfs.github.com/spec/v1\n',
    '.gitmodules': '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n',
    'evil.sh': `#!/bin/sh\ntouch ${ran}\ncat\n`,
  })
  const evil = join(repository, 'evil.sh')
  await chmod(evil, 0o755)
  await git(repository, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`)
  await git(repository, 'commit', '--quiet', '-m', 'a submodule')
  for (const key of [
    'core.fsmonitor',
    'core.sshCommand',
    'core.gitProxy',
    'core.alternateRefsCommand',
    'filter.evil.smudge',
    'filter.evil.clean',
    'uploadpack.packObjectsHook',
    'credential.helper',
    'diff.external',
  ]) {
    await git(repository, 'config', key, evil)
  }
  await git(repository, 'config', 'core.hooksPath', repository)
  for (const hook of [
    'post-checkout',
    'post-index-change',
    'reference-transaction',
    'pre-auto-gc',
  ]) {
    await writeFiles(repository, {
      [hook]: `#!/bin/sh\ntouch ${ran}\n`,
      [`.git/hooks/${hook}`]: `#!/bin/sh\ntouch ${ran}\n`,
    })
    await chmod(join(repository, hook), 0o755)
    await chmod(join(repository, '.git/hooks', hook), 0o755)
  }
  const plan = aPlan(spec)
  await place.files.listFiles(spec, running)
  const { edits } = await editsOf(place, plan, aTask('a'), async (folder) => {
    expect(await readFile(join(folder, 'lines.txt'), 'utf8')).toBe('a\nb\n')
    expect(await readFile(join(folder, 'x.big'), 'utf8')).toContain('git-lfs')
    expect(await everythingIn(join(folder, 'sub'))).toEqual([])
    await writeFile(join(folder, 'a.ts'), 'changed\n')
    await writeFiles(folder, { 'sub/new.ts': 'new' })
  })
  expect(edits.files).toContain('a.ts')
  const merged = await place.files.merge(plan, [{ taskId: 'a', edits, after: [] }], running)
  expect(merged).toMatchObject({ merged: ['a'], conflicts: [] })
  await expect(lstat(ran)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('checks out no link that leads out, and still gives a patch that fits the repository', async () => {
  const { place, repository, spec } = await aLocalRepository({
    'a.ts': 'a',
    passwd: { link: '/etc/passwd' },
    up: { link: '../..' },
    fine: { link: 'a.ts' },
  })
  const { workspace } = await place.files.open(aPlan(spec), reading(), running)
  expect(await everythingIn(workspace.root)).toEqual(['a.ts', 'fine'])
  const untouched = await place.files.open(aPlan(spec), aTask('b'), running)
  expect((await untouched.collectEdits()).edits).toBeUndefined()
  const { edits } = await editsOf(place, aPlan(spec), aTask('a'), (folder) =>
    writeFiles(folder, { 'a.ts': 'b', passwd: 'now a file' }),
  )
  expect(edits.files).toEqual(['a.ts', 'passwd'])
  await writeFile(join(repository, '.git/patch'), edits.patch)
  await git(repository, 'apply', '--index', '.git/patch')
  expect(await readFile(join(repository, 'passwd'), 'utf8')).toBe('now a file')
  expect((await lstat(join(repository, 'up'))).isSymbolicLink()).toBe(true)
})

test('fetches over HTTP with a token that is in no error, command line or log', async () => {
  const { folder, head } = await aServedRepository()
  const token = 'token-that-nobody-may-see'
  const { host, authorizations } = await serve(guarded(`x-access-token:${token}`, smart(folder)))
  const logged: unknown[] = []
  const place = await aPlace({
    gitHosts: [host],
    gitSchemes: ['http'],
    credentials: { good: { host, token }, wrong: { host, token: 'user:wrong-secret' } },
    log: { warn: (fields) => logged.push(fields.url, fields.err) },
  })
  const url = `http://${host}/code.git`
  const plan = aPlan({ git: { url, credential: 'good' } })
  const { base, workspace } = await place.files.open(plan, aTask('a'), running)
  expect(base).toBe(head)
  expect(await everythingIn(workspace.root)).toEqual(['a.ts', 'sub', 'sub/b.ts'])
  expect(authorizations[0]).toContain('Basic')

  for (const credential of [undefined, 'wrong']) {
    const spec = credential === undefined ? { url } : { url, credential }
    const error = await place.files
      .open(aPlan({ git: spec }), aTask('b'), running)
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'workspace-not-found' })
    const told = [error, error.cause, ...logged]

      .map((each) => `${each} ${each?.stack} ${JSON.stringify(each)}`)
      .join()
    expect(told).not.toContain('wrong-secret')
    expect(told).not.toContain(Buffer.from('user:wrong-secret').toString('base64'))
  }
  expect(logged).toContain(url)
  const stored = await everythingIn(place.dataDir)
  const configs = stored.filter((path) => /(config|FETCH_HEAD|packed-refs|index-.*)$/.test(path))
  expect(configs.length).toBeGreaterThan(0)
  for (const path of configs) {
    const content = await readFile(join(place.dataDir, path), 'latin1')
    expect(content).not.toContain(token)
    expect(content).not.toContain(Buffer.from(`x-access-token:${token}`).toString('base64'))
  }
})

test('does not give a plan what another has fetched with a credential', async () => {
  const { folder } = await aServedRepository()
  const { host } = await serve(guarded('x-access-token:secret', smart(folder)))
  const place = await aPlace({
    gitHosts: [host],
    gitSchemes: ['http'],
    credentials: { mine: { host, token: 'secret' } },
  })
  const url = `http://${host}/code.git`
  const { base } = await place.files.open(
    aPlan({ git: { url, credential: 'mine' } }),
    aTask('a'),
    running,
  )
  const other = { ...aPlan({ git: { url } }), base }
  await expect(place.files.open(other, aTask('a'), running)).rejects.toMatchObject({
    code: 'workspace-not-found',
  })
})

test('fetches from a server of plain files, which cannot cut history', async () => {
  const { folder, head } = await aServedRepository()
  const { host } = await serve(plain(folder))
  const place = await aPlace({ gitHosts: [host], gitSchemes: ['http'] })
  const plan = aPlan({ git: { url: `http://${host}/code.git` } })
  expect((await place.files.open(plan, aTask('a'), running)).base).toBe(head)
})

test('does not follow a redirect to another address', async () => {
  const { folder } = await aServedRepository()
  const inside = await serve(smart(folder))
  const moved = await serve((request, response) => {
    response.writeHead(302, { location: `http://${inside.host}${request.url}` }).end()
  })
  const place = await aPlace({ gitHosts: [moved.host], gitSchemes: ['http'] })
  const plan = aPlan({ git: { url: `http://${moved.host}/code.git` } })
  await expect(place.files.open(plan, aTask('a'), running)).rejects.toMatchObject({
    code: 'workspace-refused',
  })
  expect(inside.authorizations).toEqual([])
})

test('lets the task be tried again when the server fails or does not answer in time', async () => {
  const failing = await serve((_, response) => void response.writeHead(503).end())
  const silent = await serve(() => {})
  const { files } = await aPlace({
    gitHosts: [failing.host, silent.host, '127.0.0.1:1'],
    gitSchemes: ['http'],
    limits: { fetchTimeoutMs: 500 },
  })
  for (const host of [failing.host, silent.host, '127.0.0.1:1']) {
    const opening = files.open(aPlan({ git: { url: `http://${host}/x` } }), aTask('a'), running)
    const error = await opening.catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TransientError)
    expect(error).toMatchObject({ code: 'workspace-unavailable' })
  }
})

test('opens one plan in several processes at once, from one base, and merges their edits', async () => {
  const { place, repository, spec } = await aLocalRepository({ 'a.ts': 'a' })
  const head = await git(repository, 'rev-parse', 'HEAD')
  await writeFiles(place.root, { 'folder/a.ts': 'a' })
  for (const source of [spec, { path: 'folder' }]) {
    const plan = aPlan(source)
    const outputs = await Promise.all(
      ['one', 'two', 'three'].map((taskId) =>
        promisify(execFile)(process.execPath, [
          join(import.meta.dirname, '../open-in-child.ts'),
          place.dataDir,
          place.root,
          plan.planId,
          taskId,
          JSON.stringify(source),
        ]),
      ),
    )
    const edits = outputs.map(({ stdout }) => JSON.parse(stdout))
    const bases = new Set(edits.map((entry) => entry.edits.base))
    expect(bases.size).toBe(1)
    if ('git' in source) expect([...bases]).toEqual([head])
    const merged = await place.files.merge(plan, edits, running)
    expect(merged).toMatchObject({ merged: ['one', 'two', 'three'], conflicts: [] })
  }
})

test('keeps what was fetched while a plan uses it, and removes it some time later', async () => {
  const { place, spec } = await aLocalRepository(
    { 'a.ts': 'a' },
    { limits: { keepRepositoryMs: 0 } },
  )
  const plan = aPlan(spec)
  await place.files.open(plan, aTask('a'), running)
  await place.files.sweep(async () => true)
  const again = await place.files.open(plan, aTask('b'), running)
  expect(await everythingIn(again.workspace.root)).toEqual(['a.ts'])
  await place.files.forget(plan.planId)
  await place.files.sweep(async () => true)
  expect(await everythingIn(place.dataDir)).toEqual(['repositories', 'workspaces'])
})

test('refuses a repository that is larger than a task may start with', async () => {
  const { place, spec } = await aLocalRepository(
    { a: '', b: '', c: '' },
    { limits: { maxFiles: 2 } },
  )
  await expect(place.files.open(aPlan(spec), aTask('a'), running)).rejects.toMatchObject({
    code: 'workspace-too-large',
  })
})
