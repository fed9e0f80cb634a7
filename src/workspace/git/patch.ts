import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { foldersOf } from '../disjoint-edits.ts'
import type { Git } from './git.ts'

const DIFF = ['diff-tree', '-r', '--no-ext-diff', '--no-textconv']

export interface Patch {
  /** For `git apply`. Valid UTF-8: text in another encoding is included as binary. */
  patch: string
  /** The files that differ, with both names of renamed ones. */
  files: string[]
}

/**
 * The patch from the commit `from` to `to`.
 *
 * @throws {OutputTooLarge} It would exceed `maxBytes`.
 */
export async function patchBetween(
  git: Git,
  gitDir: string,
  from: string,
  to: string,
  maxBytes: number,
): Promise<Patch> {
  const changed = await changedFiles(git, gitDir, from, to)
  const files = changed.map(({ path }) => path)
  const renames = isPlain(changed) ? '-M' : '--no-renames'
  const args = [...DIFF, '-p', '--binary', '--full-index', renames, from, to]
  const call = { gitDir, maxOutputBytes: maxBytes }
  const { stdout } = await git(args, call)
  if (isUtf8(stdout)) return { patch: stdout.toString(), files }
  const attributesFile = join(gitDir, `attributes-${randomUUID()}`)
  try {
    const paths = await pathsOfOtherEncodings(git, gitDir, changed)
    await writeFile(attributesFile, paths.map((path) => `${exactPattern(path)} -diff\n`).join(''))
    const config = { 'core.attributesFile': attributesFile }
    return { patch: (await git(args, { ...call, config })).stdout.toString(), files }
  } finally {
    await rm(attributesFile, { force: true })
  }
}

/**
 * Whether only files changed, none of which replaces a folder or is replaced by one. Otherwise `git
 * apply` may reject a patch with renames.
 */
function isPlain(changed: readonly ChangedFile[]): boolean {
  const paths = new Set(changed.map(({ path }) => path))
  return changed.every(
    ({ path, modes }) =>
      modes.every((mode) => PLAIN_MODES.includes(mode)) &&
      foldersOf(path).every((folder) => !paths.has(folder)),
  )
}

/** Absent, plain, executable. */
const PLAIN_MODES = ['000000', '100644', '100755']

interface ChangedFile {
  path: string
  /** Modes before and after, and the object ids. */
  modes: string[]
  objects: string[]
}

async function changedFiles(
  git: Git,
  gitDir: string,
  from: string,
  to: string,
): Promise<ChangedFile[]> {
  const { stdout } = await git([...DIFF, '--no-abbrev', '--no-renames', '-z', from, to], { gitDir })
  // Pairs of `:<mode> <mode> <object> <object> <status>` and a path.
  const parts = stdout.toString().split('\0')
  const files: ChangedFile[] = []
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [facts = '', path = ''] = parts.slice(index, index + 2)
    const [before = '', after = '', ...objects] = facts.slice(1).split(' ').slice(0, 4)
    const existing = objects.filter((object) => !/^0+$/.test(object))
    files.push({ path, modes: [before, after], objects: existing })
  }
  return files
}

async function pathsOfOtherEncodings(
  git: Git,
  gitDir: string,
  files: readonly ChangedFile[],
): Promise<string[]> {
  const other = new Set<string>()
  for (const object of new Set(files.flatMap(({ objects }) => objects))) {
    const { stdout } = await git(['cat-file', 'blob', object], { gitDir, codes: [0, 128] })
    if (!isUtf8(stdout)) other.add(object)
  }
  return files
    .filter(({ objects }) => objects.some((object) => other.has(object)))
    .map(({ path }) => path)
}

/** A path as a gitattributes pattern that matches nothing else. */
function exactPattern(path: string): string {
  const pattern = `/${path.replaceAll(/[\\*?[]/g, '\\$&')}`
  const quoted = pattern.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${quoted}"`
}
