import { rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OrderedEdits } from '../../../src/core/ports/workspaces.ts'
import {
  aPlace,
  aPlan,
  aRepository,
  aTask,
  editsOf,
  git,
  type Place,
  running,
  temporaryFolder,
  writeFiles,
} from '../fixtures.ts'

const LINES = Array.from({ length: 20 }, (_, n) => `line ${n}`)

/** The lines with one of them replaced. */
function withLine(number: number, text: string): string {
  return `${LINES.with(number, text).join('\n')}\n`
}

async function aPlaceWith(files: Parameters<typeof writeFiles>[1]): Promise<Place> {
  const place = await aPlace()
  await writeFiles(place.root, files)
  return place
}

/** Edits that write `content` to `path`, each from the same base. */
function writing(place: Place, plan = aPlan({ path: '.' })) {
  return (taskId: string, path: string, content: string, after: OrderedEdits[] = []) =>
    editsOf(place, plan, aTask(taskId, { after }), (folder) =>
      writeFiles(folder, { [path]: content }),
    )
}

test('merges edits of several tasks, in one file too, into one commit and one patch', async () => {
  const base = { 'a.ts': withLine(0, 'line 0'), 'b.ts': 'b' }
  const place = await aPlaceWith(base)
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const edits = [
    await write('top', 'a.ts', withLine(0, 'top')),
    await write('bottom', 'a.ts', withLine(19, 'bottom')),
    await write('other', 'new/c.ts', 'c'),
  ]
  const merged = await place.files.merge(plan, edits, running)
  expect(merged).toMatchObject({
    base: plan.pinned[0],
    merged: ['top', 'bottom', 'other'],
    conflicts: [],
  })
  expect(merged.commit).toMatch(/^[0-9a-f]{40}$/)

  const repository = await aRepository(await temporaryFolder(), base)
  await writeFile(join(repository, '.git/patch'), merged.patch)
  await git(repository, 'apply', '--index', '.git/patch')
  const both = `${LINES.with(0, 'top').with(19, 'bottom').join('\n')}\n`
  expect(`${await git(repository, 'show', ':a.ts')}\n`).toBe(both)
  expect(await git(repository, 'show', ':new/c.ts')).toBe('c')

  const gitDir = join(place.dataDir, 'workspaces', plan.planId, 'repository')
  expect(await git(gitDir, 'rev-list', '--parents', '-1', merged.commit ?? '')).toBe(
    `${merged.commit} ${merged.base}`,
  )
})

test('merges files as the attributes of the base say: union, binary, not at all', async () => {
  const base = {
    '.gitattributes': 'log merge=union\nlock -merge\ndata merge=binary\n',
    'deep/.gitattributes': 'log merge=union\n',
    ...Object.fromEntries(['log', 'deep/log', 'lock', 'data'].map((path) => [path, 'base\n'])),
    plain: withLine(0, 'line 0'),
  }
  const place = await aPlaceWith(base)
  const plan = aPlan({ path: '.' })
  const adding = (taskId: string, paths: string[], text: string) =>
    editsOf(place, plan, aTask(taskId), (folder) =>
      writeFiles(folder, Object.fromEntries(paths.map((path) => [path, text]))),
    )
  const unions = ['log', 'deep/log']
  const edits = [
    await adding('one', [...unions, 'lock', 'data'], 'base\none\n'),
    await adding('two', unions, 'base\ntwo\n'),
    await adding('locks', ['lock'], 'three\nbase\n'),
    await adding('data', ['data'], 'three\nbase\n'),
  ]
  const merged = await place.files.merge(plan, edits, running)
  expect(merged.merged).toEqual(['one', 'two'])
  expect(merged.conflicts.map(({ path }) => path)).toEqual(['lock', 'data'])
  const gitDir = join(place.dataDir, 'workspaces', plan.planId, 'repository')
  for (const path of unions) {
    expect(await git(gitDir, 'show', `${merged.commit}:${path}`)).toBe('base\none\ntwo')
  }
})

test('gives the same commit for the same edits, on another machine too', async () => {
  const here = await aPlaceWith({ 'a.ts': 'a' })
  const there = await aPlaceWith({ 'a.ts': 'a' })
  const plan = aPlan({ path: '.' })
  const edits = [
    await writing(here, plan)('one', 'a.ts', 'b'),
    await writing(here, plan)('two', 'c.ts', 'c'),
  ]
  const first = await here.files.merge(plan, edits, running)
  const again = await here.files.merge(plan, edits, running)
  const elsewhere = await there.files.merge({ ...plan, base: plan.pinned[0] }, edits, running)
  expect(again).toEqual(first)
  expect(elsewhere).toEqual(first)
})

test('leaves a task that conflicts out as a whole, and shows the three sides and the owners', async () => {
  const place = await aPlaceWith({ 'a.ts': 'base\n', 'b.ts': 'b\n' })
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const first = await write('first', 'a.ts', 'first\n')
  const second = await editsOf(place, plan, aTask('second'), (folder) =>
    writeFiles(folder, { 'a.ts': 'second\n', 'b.ts': 'only here\n' }),
  )
  const third = await write('third', 'c.ts', 'c\n')
  const merged = await place.files.merge(plan, [first, second, third], running)
  expect(merged.merged).toEqual(['first', 'third'])
  expect(merged.conflicts).toEqual([
    {
      path: 'a.ts',
      tasks: ['first', 'second'],
      base: 'base\n',
      ours: 'first\n',
      theirs: 'second\n',
    },
  ])
  expect(merged.patch).toContain('+first')
  expect(merged.patch).not.toContain('only here')
  const other = await place.files.merge(plan, [second, first, third], running)
  expect(other.merged).toEqual(['second', 'third'])
})

test('distinguishes an edit against a removal, a file against a folder, and two new files', async () => {
  const place = await aPlaceWith({ 'gone.ts': 'base\n', 'x.ts': 'x' })
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const edits = [
    await editsOf(place, plan, aTask('remover'), (folder) => unlink(join(folder, 'gone.ts'))),
    await write('editor', 'gone.ts', 'edited\n'),
    await write('folder', 'place/file.ts', 'in a folder\n'),
    await write('file', 'place', 'a file\n'),
    await write('new-1', 'new.ts', 'one\n'),
    await write('new-2', 'new.ts', 'two\n'),
    await write('same', 'new.ts', 'one\n'),
  ]
  const merged = await place.files.merge(plan, edits, running)
  expect(merged.merged).toEqual(['remover', 'folder', 'new-1', 'same'])
  expect(merged.conflicts).toEqual([
    { path: 'gone.ts', tasks: ['remover', 'editor'], base: 'base\n', theirs: 'edited\n' },
    { path: 'place', tasks: ['folder', 'file'], theirs: 'a file\n' },
    { path: 'new.ts', tasks: ['new-1', 'new-2'], ours: 'one\n', theirs: 'two\n' },
  ])
})

test('carries an edit over to the new name of a file that another task renamed', async () => {
  const place = await aPlaceWith({ 'old.ts': `${LINES.join('\n')}\n` })
  const plan = aPlan({ path: '.' })
  const edits = [
    await editsOf(place, plan, aTask('renamer'), (folder) =>
      rename(join(folder, 'old.ts'), join(folder, 'new.ts')),
    ),
    await writing(place, plan)('editor', 'old.ts', withLine(7, 'edited')),
  ]
  const merged = await place.files.merge(plan, edits, running)
  expect(merged).toMatchObject({ merged: ['renamer', 'editor'], conflicts: [] })
  expect(merged.patch).toContain('rename to new.ts')
  expect(merged.patch).toContain('+edited')
})

test('names conflicts of binary and of large files without their contents', async () => {
  const place = await aPlace({ limits: { maxConflictBytes: 100 } })
  await writeFiles(place.root, { 'image.bin': Buffer.from([0, 1]), 'large.txt': 'small' })
  const plan = aPlan({ path: '.' })
  const editing = (taskId: string, byte: number) =>
    editsOf(place, plan, aTask(taskId), (folder) =>
      writeFiles(folder, {
        'image.bin': Buffer.from([0, byte]),
        'large.txt': `${byte}`.repeat(200),
      }),
    )
  const merged = await place.files.merge(
    plan,
    [await editing('a', 2), await editing('b', 3)],
    running,
  )
  expect(merged.conflicts).toEqual([
    { path: 'image.bin', tasks: ['a', 'b'] },
    { path: 'large.txt', tasks: ['a', 'b'], base: 'small' },
  ])
})

test('merges what one task made on top of another without a conflict between the two', async () => {
  const place = await aPlaceWith({ 'a.ts': 'one\n', 'b.ts': 'one\n' })
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const first = await write('first', 'a.ts', 'two\n')
  const beside = await write('beside', 'b.ts', 'two\n')
  const second = await write('second', 'a.ts', 'three\n', [first])
  const third = await write('third', 'a.ts', 'four\n', [first, beside, second])
  for (const order of [
    [first, beside, second, third],
    [third, second, first, beside],
  ]) {
    const merged = await place.files.merge(plan, order, running)
    expect(merged.merged).toEqual(order.map(({ taskId }) => taskId))
    expect(merged.conflicts).toEqual([])
    expect(merged.patch).toContain('-one\n+four\n')
    expect(merged.patch).toContain('-one\n+two\n')
  }
})

test('names the files of a task whose edits no longer fit what they were made on', async () => {
  const place = await aPlaceWith({ 'a.ts': 'one\n', 'b.ts': 'b\n' })
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const first = await write('first', 'a.ts', 'two\n')
  const second = await write('second', 'a.ts', 'three\n', [first])
  // Run again, and with another result.
  const retried = await write('first', 'a.ts', 'zwei\n')
  const merged = await place.files.merge(plan, [retried, second], running)
  expect(merged).toMatchObject({
    merged: ['first'],
    conflicts: [{ path: 'a.ts', tasks: ['first', 'second'] }],
  })
})

test('merges the others when one patch is not what it says', async () => {
  const place = await aPlaceWith({ 'a.ts': 'one\n', 'b.ts': 'b\n' })
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const good = await write('good', 'a.ts', 'two\n')
  const bad = await write('bad', 'b.ts', 'c\n')
  bad.edits.patch = bad.edits.patch.replace('-b\n', '-something else\n')
  const merged = await place.files.merge(plan, [bad, good], running)
  expect(merged).toMatchObject({
    merged: ['good'],
    conflicts: [{ path: 'b.ts', tasks: ['bad'] }],
  })
})

test('gives one commit, whether tasks shared files or not on the way to the same result', async () => {
  const place = await aPlaceWith({ 'a.ts': `${LINES.join('\n')}\n`, 'b.ts': 'b' })
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const edits = [
    await write('apart', 'b.ts', 'changed'),
    await write('top', 'a.ts', withLine(0, 'top')),
    await write('new', 'c/d.ts', 'new'),
    await write('bottom', 'a.ts', withLine(19, 'bottom')),
  ]
  const merged = await place.files.merge(plan, edits, running)
  expect(merged.merged).toEqual(['apart', 'top', 'new', 'bottom'])
  const turned = await place.files.merge(plan, edits.toReversed(), running)
  expect(turned.patch).toBe(merged.patch)
})

test('answers with no commit when there is nothing to merge', async () => {
  const place = await aPlaceWith({ 'a.ts': 'a' })
  const plan = aPlan({ path: '.' })
  const merged = await place.files.merge(plan, [], running)
  expect(merged).toEqual({ base: plan.pinned[0], merged: [], conflicts: [], patch: '' })
})

test('merges the edits of twenty tasks', async () => {
  const place = await aPlaceWith({ 'a.ts': `${LINES.join('\n')}\n` })
  const plan = aPlan({ path: '.' })
  const write = writing(place, plan)
  const edits = await Promise.all(LINES.map((_, n) => write(`task-${n}`, `src/f${n}.ts`, `${n}`)))
  const merged = await place.files.merge(plan, edits, running)
  expect(merged.merged).toHaveLength(20)
  expect(merged.patch.match(/^diff --git/gm)).toHaveLength(20)
})
