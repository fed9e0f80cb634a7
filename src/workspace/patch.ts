import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'

const DIFF = ['diff-tree', '-r', '--no-ext-diff', '--no-textconv']

/** The files that differ between two commits, both names of a renamed one. */
export async function changedPaths(
  git: Git,
  gitDir: string,
  from: string,
  to: string,
): Promise<string[]> {
  return (await changedFiles(git, gitDir, from, to)).map(({ path }) => path)
}

/**
 * The patch that makes `to` of `from`, as `git apply` takes it. It is valid UTF-8 whatever the files
 * hold: text in another encoding is given as a binary patch.
 *
 * @throws {OutputTooLarge} It would have more than `maxBytes`.
 */
export async function patchBetween(
  git: Git,
  gitDir: string,
  from: string,
  to: string,
  maxBytes: number,
): Promise<string> {
  const args = [...DIFF, '-p', '--binary', '--full-index', '-M', from, to]
  const call = { gitDir, maxOutputBytes: maxBytes }
  const { stdout } = await git(args, call)
  if (isUtf8(stdout)) return stdout.toString()
  const attributesFile = join(gitDir, `attributes-${randomUUID()}`)
  try {
    const paths = await pathsOfOtherEncodings(git, gitDir, from, to)
    await writeFile(attributesFile, paths.map((path) => `${exactPattern(path)} -diff\n`).join(''))
    const config = { 'core.attributesFile': attributesFile }
    return (await git(args, { ...call, config })).stdout.toString()
  } finally {
    await rm(attributesFile, { force: true })
  }
}

interface ChangedFile {
  path: string
  /** Ids of what it was and is. */
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
    const objects = facts.split(' ').slice(2, 4)
    files.push({ path, objects: objects.filter((object) => !/^0+$/.test(object)) })
  }
  return files
}

async function pathsOfOtherEncodings(
  git: Git,
  gitDir: string,
  from: string,
  to: string,
): Promise<string[]> {
  const files = await changedFiles(git, gitDir, from, to)
  const other = new Set<string>()
  for (const object of new Set(files.flatMap(({ objects }) => objects))) {
    const { stdout } = await git(['cat-file', 'blob', object], { gitDir, codes: [0, 128] })
    if (!isUtf8(stdout)) other.add(object)
  }
  return files
    .filter(({ objects }) => objects.some((object) => other.has(object)))
    .map(({ path }) => path)
}

/** A path as a pattern of gitattributes that matches nothing else. */
function exactPattern(path: string): string {
  const pattern = `/${path.replaceAll(/[\\*?[]/g, '\\$&')}`
  const quoted = pattern.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${quoted}"`
}
