import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PermanentError } from '../../core/contract/errors.ts'
import type { PlanFiles } from '../../core/ports/workspaces.ts'
import { leadsOut } from '../files/escaping-links.ts'
import { isErrno, walkFolder } from '../files/folder-walk.ts'
import { FileTooLarge, readEntry } from '../files/safe-read.ts'
import type { WorkspaceLimits } from '../options.ts'
import { materialise } from '../plan-folder.ts'
import { writeAttributes } from './attributes.ts'
import { createBareRepository } from './bare-repository.ts'
import { commitFiles, FIXED_DATE, type FileChange } from './commit-files.ts'
import type { Git } from './git.ts'
import type { GitSource } from './git-source.ts'
import type { FetchedCommit, RepositoryCache } from './repository-cache.ts'

/**
 * A plan's own repository: its base, and the commits of its tasks. Bare, and outside every task's
 * folder.
 */
export interface PlanRepository {
  gitDir: string
  /** The commit that every task of the plan starts from. */
  base: string
  /**
   * The base's date, in seconds since 1970; commits on top of it have the same, to be reproducible.
   */
  date: number
}

export interface PlanRepositories {
  git: Git
  cache: RepositoryCache
  limits: WorkspaceLimits
}

/**
 * The repository of a plan whose files are in a remote one. Borrows the base's objects from the
 * cache.
 */
export async function fetchedPlanRepository(
  { git, cache, limits }: PlanRepositories,
  folder: string,
  plan: PlanFiles,
  source: GitSource,
): Promise<PlanRepository> {
  const gitDir = join(folder, 'repository')
  await materialise(gitDir, async (draft) => {
    const fetched = await pinnedCommit(cache, plan, source)
    await createBareRepository(git, draft)
    const borrowed = join(fetched.gitDir, 'objects')
    await writeFile(join(draft, 'objects', 'info', 'alternates'), `${borrowed}\n`)
    // History ends at the base here, whether or not it was fetched.
    await writeFile(join(draft, 'shallow'), `${fetched.commit}\n`)
    await checkSize(git, draft, fetched.commit, limits)
    await writeBase(git, draft, fetched.commit)
  })
  return withBase(await readBase(gitDir), plan)
}

async function pinnedCommit(
  cache: RepositoryCache,
  plan: PlanFiles,
  source: GitSource,
): Promise<FetchedCommit> {
  if (plan.base !== undefined) return cache.fetchCommit(source, plan.base)
  const newest = await cache.fetchRef(source)
  const base = await plan.pinBase(newest.commit)
  return base === newest.commit ? newest : cache.fetchCommit(source, base)
}

/**
 * The repository of a plan whose files are in a folder on this machine, or inline: a copy of them
 * as one commit. The same files give the same commit everywhere, so a folder that has changed since
 * the plan's base was recorded is detected instead of giving tasks different bases.
 *
 * @throws {PermanentError} `workspace-changed`, `workspace-too-large`
 */
export async function copiedPlanRepository(
  { git, limits }: PlanRepositories,
  folder: string,
  plan: PlanFiles,
  /** Called only if the copy does not exist yet. */
  readFiles: () => Promise<AsyncIterable<FileChange>>,
): Promise<PlanRepository> {
  const gitDir = join(folder, 'repository')
  await materialise(gitDir, async (draft) => {
    await createBareRepository(git, draft)
    const changes = bounded(await readFiles(), limits)
    const base = await commitFiles(git, draft, { parent: undefined, date: FIXED_DATE, changes })
    await writeBase(git, draft, base)
  })
  return withBase(await readBase(gitDir), plan)
}

async function withBase(repository: PlanRepository, plan: PlanFiles): Promise<PlanRepository> {
  const pinned = plan.base ?? (await plan.pinBase(repository.base))
  if (pinned === repository.base) return repository
  throw new PermanentError(
    'workspace-changed',
    'The files of the workspace have changed since the plan started.',
  )
}

/** The files of a folder, without links that lead out of it. */
export async function* folderFiles(
  folder: string,
  limits: WorkspaceLimits,
): AsyncGenerator<FileChange> {
  const { entries, truncated } = await walkFolder(folder, { maxEntries: limits.maxFiles })
  if (truncated) throw tooLarge(limits)
  for (const { path, kind } of entries) {
    if (kind === 'link' && (await leadsOut(folder, path))) continue
    const entry = await readBounded(folder, path, limits)
    if (entry !== undefined) yield { path, ...entry }
  }
}

export async function* inlineFiles(files: Record<string, string>): AsyncGenerator<FileChange> {
  // In a fixed order, whatever order the store returns.
  for (const path of Object.keys(files).sort()) {
    yield { path, mode: '100644', content: Buffer.from(files[path] ?? '') }
  }
}

async function readBounded(folder: string, path: string, limits: WorkspaceLimits) {
  try {
    return await readEntry(folder, path, limits.maxBytes)
  } catch (error) {
    if (error instanceof FileTooLarge) throw tooLarge(limits)
    // A file that this process may not read cannot be part of what tasks work on.
    if (isErrno(error, 'EACCES', 'EPERM')) return undefined
    throw error
  }
}

async function* bounded(
  files: AsyncIterable<FileChange>,
  limits: WorkspaceLimits,
): AsyncGenerator<FileChange> {
  let bytes = 0
  for await (const file of files) {
    if (file.mode !== 'removed') bytes += file.content.length
    if (bytes > limits.maxBytes) throw tooLarge(limits)
    yield file
  }
}

async function checkSize(
  git: Git,
  gitDir: string,
  commit: string,
  limits: WorkspaceLimits,
): Promise<void> {
  const { stdout } = await git(['ls-tree', '-r', '-l', '-z', commit], { gitDir })
  // A line is `<mode> <type> <object> <size>\t<path>`.
  const sizes = stdout
    .toString('latin1')
    .split('\0')
    .map((line) => Number(line.slice(0, line.indexOf('\t')).trim().split(/ +/)[3]) || 0)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  if (sizes.length - 1 > limits.maxFiles || bytes > limits.maxBytes) throw tooLarge(limits)
}

function tooLarge({ maxFiles, maxBytes }: WorkspaceLimits): PermanentError {
  const mebibytes = Math.floor(maxBytes / 1024 ** 2)
  return new PermanentError(
    'workspace-too-large',
    `The workspace holds more than ${maxFiles} files or ${mebibytes} MiB.`,
  )
}

async function writeBase(git: Git, gitDir: string, base: string): Promise<void> {
  await git(['update-ref', 'refs/tutti/base', base], { gitDir })
  await writeAttributes(git, gitDir, base)
  const { stdout } = await git(['show', '--no-patch', '--format=%ct', base], { gitDir })
  await writeFile(join(gitDir, 'base'), `${base} ${stdout.toString().trim()}\n`)
}

async function readBase(gitDir: string): Promise<PlanRepository> {
  const [base = '', date = '0'] = (await readFile(join(gitDir, 'base'), 'utf8')).trim().split(' ')
  return { gitDir, base, date: Number(date) }
}

/** The cached repository that a plan's repository borrows from, if any. */
export async function borrowedFrom(folder: string): Promise<string | undefined> {
  const file = join(folder, 'repository', 'objects', 'info', 'alternates')
  try {
    return dirname((await readFile(file, 'utf8')).trim())
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
