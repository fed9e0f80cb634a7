import { lstat } from 'node:fs/promises'
import type { CollectedEdits } from '../core/ports/workspaces.ts'
import { fileScope, scopeTest } from '../core/preflight/file-scope.ts'
import { parseGlob } from '../core/preflight/globs.ts'
import { isErrno, type WalkedEntry, walkFolder } from './files/folder-walk.ts'
import { FileTooLarge, readEntry } from './files/safe-read.ts'
import { commitFiles, type FileChange } from './git/commit-files.ts'
import { type Git, OutputTooLarge } from './git/git.ts'
import { patchBetween } from './git/patch.ts'
import type { PlanRepository } from './git/plan-repository.ts'
import type { WorkspaceLimits } from './options.ts'

/** A folder that a task has worked in, and what it contained before. */
export interface TaskFiles {
  folder: string
  indexFile: string
  /** Links of the start commit that were never created in the folder. */
  omitted: string[]
  /** The commit that was checked out. */
  start: string
  /** Globs of the files that the task declared to write. */
  writes: string[]
}

/**
 * What a task changed in its folder, as a patch. The folder is read as plain files that anybody may
 * have written: links are taken as links, a repository in it is not looked at, and ignored files are
 * left out unless the task declared to write them.
 */
export async function collectEdits(
  git: Git,
  repository: PlanRepository,
  files: TaskFiles,
  limits: WorkspaceLimits,
): Promise<CollectedEdits> {
  const { gitDir, date } = repository
  try {
    const changes = await readChanges(git, gitDir, files, limits)
    if (changes.length === 0) return NO_EDITS
    const { start } = files
    const commit = await commitFiles(git, gitDir, { parent: start, date, changes })
    const patch = await patchBetween(git, gitDir, start, commit, limits.maxPatchBytes)
    if (patch.files.length === 0) return NO_EDITS
    return { edits: { base: start, ...patch }, problem: undefined }
  } catch (error) {
    if (error instanceof FileTooLarge || error instanceof OutputTooLarge) return tooLarge(limits)
    if (error instanceof Unreadable || isErrno(error, 'EACCES', 'EPERM')) return UNREADABLE
    throw error
  }
}

const NO_EDITS: CollectedEdits = { edits: undefined, problem: undefined }

function tooLarge({ maxChangedBytes, maxPatchBytes, maxFiles }: WorkspaceLimits): CollectedEdits {
  const message = `The task changed too much: its files may have ${inMiB(maxChangedBytes)}, their patch ${inMiB(maxPatchBytes)}, and it may add ${maxFiles} files.`
  return { edits: undefined, problem: { code: 'edits-too-large', message } }
}

function inMiB(bytes: number): string {
  return `${Math.floor((bytes * 10) / 1024 ** 2) / 10} MiB`
}

const UNREADABLE: CollectedEdits = {
  edits: undefined,
  problem: { code: 'edits-unreadable', message: 'The folder of the task cannot be read any more.' },
}

class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

async function readChanges(
  git: Git,
  gitDir: string,
  files: TaskFiles,
  limits: WorkspaceLimits,
): Promise<FileChange[]> {
  const { folder } = files
  const facts = await lstat(folder).catch(() => undefined)
  if (facts?.isDirectory() !== true) throw new Unreadable('the folder has been replaced')
  const { tracked, modules } = await trackedPaths(git, gitDir, files)
  // Before git looks at the folder, because it would wait for ever at a pipe.
  const entries = await presentEntries(files, tracked, limits)
  const paths = [
    ...(await changedTracked(git, gitDir, files)),
    ...(await newPaths(git, gitDir, files, tracked, entries)),
    // Submodules belong to other repositories: the plan's pinned commit stays.
  ].filter((path) => !modules.some((module) => path === module || path.startsWith(`${module}/`)))
  const removed: FileChange[] = []
  const written: FileChange[] = []
  let left = limits.maxChangedBytes
  for (const path of paths) {
    const entry = await readEntry(folder, path, left)
    if (entry === undefined) {
      if (tracked.has(path) && !files.omitted.includes(path))
        removed.push({ path, mode: 'removed' })
      continue
    }
    left -= entry.content.length
    written.push({ path, ...entry })
  }
  return [...removed, ...written]
}

async function trackedPaths(
  git: Git,
  gitDir: string,
  { indexFile }: TaskFiles,
): Promise<{ tracked: Set<string>; modules: string[] }> {
  const { stdout } = await git(['ls-files', '--stage', '-z'], { gitDir, indexFile })
  const tracked = new Set<string>()
  const modules: string[] = []
  for (const entry of splitNul(stdout)) {
    const path = entry.slice(entry.indexOf('\t') + 1)
    tracked.add(path)
    if (entry.startsWith('160000 ')) modules.push(path)
  }
  return { tracked, modules }
}

/** Files of the start that are changed or gone, according to the index. */
async function changedTracked(
  git: Git,
  gitDir: string,
  { folder, indexFile }: TaskFiles,
): Promise<string[]> {
  const options = ['--name-only', '-z', '--no-renames', '--ignore-submodules=all']
  const call = { gitDir, workTree: folder, indexFile }
  return splitNul((await git(['diff-files', ...options], call)).stdout)
}

async function presentEntries(
  { folder }: TaskFiles,
  tracked: ReadonlySet<string>,
  limits: WorkspaceLimits,
): Promise<WalkedEntry[]> {
  const modules = [...tracked].filter((path) => path.includes('node_modules/'))
  const { entries, others, truncated } = await walkFolder(folder, {
    maxEntries: tracked.size + limits.maxFiles,
    keepNodeModules: (path) => modules.some((module) => module.startsWith(`${path}/`)),
    refuseUnreadable: true,
  })
  if (truncated) throw new FileTooLarge('too many files')
  if (others.some((path) => /(^|\/)\.git(ignore|attributes)$/.test(path))) {
    throw new Unreadable('.gitignore or .gitattributes is not a file')
  }
  return entries
}

/** Files that the start did not have and that the folder's own rules do not ignore. */
async function newPaths(
  git: Git,
  gitDir: string,
  { folder, indexFile, writes }: TaskFiles,
  tracked: ReadonlySet<string>,
  entries: readonly WalkedEntry[],
): Promise<string[]> {
  const found = entries.map(({ path }) => path).filter((path) => !tracked.has(path))
  if (found.length === 0) return []
  const links = entries.filter(({ kind }) => kind === 'link')
  const { wanted, unwanted } = fileScope(writes)
  const baseOf = (glob: string) => parseGlob(glob).prefix.join('/')
  const bases = wanted
    .map(baseOf)
    // Git refuses paths beyond a link.
    .filter((base) => base !== '' && !links.some(({ path }) => base.startsWith(`${path}/`)))
  const { stdout } = await git(['check-ignore', '-z', '--stdin', '--no-index'], {
    gitDir,
    workTree: folder,
    // A missing index: nothing counts as tracked or as part of a submodule.
    indexFile: `${indexFile}.none`,
    literalPaths: false,
    input: [...found, ...bases].map((path) => `./${path}\0`).join(''),
    codes: [0, 1],
  })
  const ignored = new Set(splitNul(stdout).map((path) => path.slice('./'.length)))
  // A glob that starts in an ignored place means that place; `src/**` does not mean src/*.log.
  const meant = wanted.filter((glob) => ignored.has(baseOf(glob)))
  const less = unwanted.map((glob) => `!${glob}`)
  const isMeant = scopeTest([...meant, ...less])
  return found.filter((path) => !ignored.has(path) || (meant.length > 0 && isMeant(path)))
}

function splitNul(output: Buffer): string[] {
  return output
    .toString()
    .split('\0')
    .filter((part) => part !== '')
}
