import { lstat, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aPlace, aPlan, aTask, everythingIn, git, running } from './fixtures.ts'

type Content = { bytes: Uint8Array; executable: boolean } | { link: string }

/** Few names, so that files, folders and links replace each other. */
const path = fc
  .array(fc.constantFrom('a', 'b', 'c c', '"q"', 'ü'), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'))
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string().map((text) => new TextEncoder().encode(text)),
  fc.constantFrom('', '\n', 'same\n', 'one\ntwo\r\n').map((text) => new TextEncoder().encode(text)),
)
const content: fc.Arbitrary<Content> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ bytes, executable: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ link: fc.constantFrom('nowhere', 'not/here') }) },
)
const changes = fc.array(fc.tuple(path, fc.option(content)), { minLength: 1, maxLength: 8 })

/** Writes or removes each path, whatever was there before. */
async function change(folder: string, all: [string, Content | null][]): Promise<void> {
  for (const [file, entry] of all) {
    const target = join(folder, file)
    await clearWay(folder, file)
    await rm(target, { recursive: true, force: true })
    if (entry === null) continue
    await mkdir(dirname(target), { recursive: true })
    if ('link' in entry) await symlink(entry.link, target)
    else await writeFile(target, entry.bytes, { mode: entry.executable ? 0o755 : 0o644 })
  }
}

/** Removes files and links that stand where the path needs folders. */
async function clearWay(folder: string, file: string): Promise<void> {
  const names = file.split('/')
  for (let depth = 1; depth < names.length; depth++) {
    const parent = join(folder, ...names.slice(0, depth))
    const facts = await lstat(parent).catch(() => undefined)
    if (facts !== undefined && !facts.isDirectory()) await rm(parent)
  }
}

/** Every file and link with all that git keeps of it. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const file of await everythingIn(folder)) {
    const target = join(folder, file)
    const facts = await lstat(target)
    if (facts.isDirectory() || file.startsWith('.git')) continue
    found[file] = facts.isSymbolicLink()
      ? `-> ${await readlink(target)}`
      : `${facts.mode & 0o100} ${await readFile(target, 'base64')}`
  }
  return found
}

test('gives a patch that makes the end of any work from its start', async () => {
  await fc.assert(
    fc.asyncProperty(changes, changes, async (before, work) => {
      const place = await aPlace()
      await change(place.root, before)
      const opened = await place.files.open(aPlan({ path: '.' }), aTask('a'), running)
      const start = await snapshot(opened.workspace.root)
      await change(opened.workspace.root, work)
      const end = await snapshot(opened.workspace.root)
      const { edits } = await opened.collectEdits()

      const copy = join(place.dataDir, 'copy')
      await mkdir(copy)
      await git(copy, 'init', '--quiet')
      await change(copy, before)
      expect(await snapshot(copy)).toEqual(start)
      if (edits === undefined) {
        expect(end).toEqual(start)
      } else {
        await git(copy, 'add', '--all', '--force')
        await writeFile(join(copy, '.git/patch'), edits.patch)
        await git(copy, 'apply', '--index', '--binary', '--whitespace=nowarn', '.git/patch')
        expect(await snapshot(copy)).toEqual(end)
        const differing = Object.keys({ ...start, ...end }).filter(
          (file) => start[file] !== end[file],
        )
        expect(edits.files.toSorted()).toEqual(differing.toSorted())

        // The next attempt gets the same folder, and what it changes is still told from the start.
        const next = await place.files.open(aPlan({ path: '.' }), aTask('a'), running)
        expect(await next.restore(edits)).toBe(true)
        expect(await snapshot(next.workspace.root)).toEqual(end)
        expect((await next.collectEdits()).edits).toEqual(edits)
        await next.close()
      }
      await opened.close()
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 25) },
  )
})
