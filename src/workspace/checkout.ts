import { randomUUID } from 'node:crypto'
import { mkdir, rm, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { leadsOut } from './files/escaping-links.ts'
import { walkFolder } from './files/folder-walk.ts'
import type { Git } from './git/git.ts'

/**
 * Writes a commit's files into an empty folder as plain files: the folder has no repository, and
 * git does not consult anything in it later. Links that lead out of the folder are left out.
 *
 * @returns the index, outside the folder, with what git wrote; and the omitted links
 */
export async function checkOut(
  git: Git,
  gitDir: string,
  commit: string,
  folder: string,
  signal?: AbortSignal,
): Promise<{ indexFile: string; omitted: string[] }> {
  await mkdir(folder, { recursive: true })
  const indexFile = join(dirname(folder), `index-${randomUUID()}`)
  await git(['read-tree', '--reset', '-u', commit], { gitDir, workTree: folder, indexFile, signal })
  const omitted: string[] = []
  const all = { maxEntries: Number.POSITIVE_INFINITY, keepNodeModules: () => true }
  for (const { path, kind } of (await walkFolder(folder, all)).entries) {
    if (kind === 'link' && (await leadsOut(folder, path))) omitted.push(path)
  }
  // Only now, because one link may be what keeps another inside.
  for (const path of omitted) await unlink(join(folder, path))
  return { indexFile, omitted }
}

/** The same for a folder that will not be compared later. */
export async function checkOutShared(
  git: Git,
  gitDir: string,
  commit: string,
  folder: string,
): Promise<void> {
  const { indexFile } = await checkOut(git, gitDir, commit, folder)
  await rm(indexFile)
}
