import { readlink, realpath } from 'node:fs/promises'
import { join, posix, relative, sep } from 'node:path'
import type { Git } from '../git/git.ts'
import { isInside } from './allowed-path.ts'

/** How many links are followed; of a workspace with more, only the first. */
const MOST_LINKS = 1_000

/**
 * The links in a folder that lead to another place in it, with their targets; '' is the folder
 * itself.
 *
 * @param folder its real path
 */
export async function linksInFolder(
  folder: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const links = new Map<string, string>()
  for (const path of paths.slice(0, MOST_LINKS)) {
    const target = await realpath(join(folder, path)).catch(() => undefined)
    if (target !== undefined && isInside(folder, target)) {
      links.set(path, relative(folder, target).split(sep).join('/'))
      continue
    }
    // It may lead to something that a task is about to create.
    const text = await readlink(join(folder, path)).catch(() => undefined)
    const place = text === undefined || target !== undefined ? undefined : placeOf(path, text)
    if (place !== undefined) links.set(path, place)
  }
  return links
}

/** The same for a commit. `blobs` are the blobs with the links' targets, by path. */
export async function linksInCommit(
  git: Git,
  gitDir: string,
  blobs: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const chosen = [...blobs].slice(0, MOST_LINKS)
  const links = new Map<string, string>()
  if (chosen.length === 0) return links
  const input = chosen.map(([, id]) => `${id}\n`).join('')
  const { stdout } = await git(['cat-file', '--batch'], { gitDir, input })
  let at = 0
  for (const [path] of chosen) {
    const end = stdout.indexOf(0x0a, at)
    const length = Number(stdout.subarray(at, end).toString().split(' ')[2] ?? 0)
    const place = placeOf(path, stdout.subarray(end + 1, end + 1 + length).toString())
    if (place !== undefined) links.set(path, place)
    at = end + 1 + length + 1
  }
  return links
}

function placeOf(path: string, text: string): string | undefined {
  if (text === '' || text.startsWith('/')) return undefined
  const place = posix.join(posix.dirname(path), text).replace(/\/$/, '')
  if (place === '..' || place.startsWith('../')) return undefined
  return place === '.' ? '' : place
}
