import { realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PermanentError } from '../core/contract/errors.ts'
import type {
  FileContents,
  FileListing,
  OpenedWorkspace,
  PlanFiles,
  Workspaces,
} from '../core/ports/workspaces.ts'
import { untilAborted } from '../core/timing/until-aborted.ts'
import { checkOutShared } from './checkout.ts'
import { allowedFolder } from './files/allowed-path.ts'
import { fileContents } from './files/file-contents.ts'
import { walkFolder } from './files/folder-walk.ts'
import { inlineFilesErrors, writeInlineFiles } from './files/inline-files.ts'
import { linksInCommit, linksInFolder } from './files/links-inside.ts'
import { readableFiles } from './files/readable-files.ts'
import { gitCommand } from './git/git.ts'
import { type GitSource, type GitSpec, gitSource } from './git/git-source.ts'
import {
  borrowedFrom,
  copiedPlanRepository,
  fetchedPlanRepository,
  folderFiles,
  inlineFiles,
  type PlanRepository,
} from './git/plan-repository.ts'
import { repositoryCache } from './git/repository-cache.ts'
import { sharedCommits } from './git/shared-commits.ts'
import { joinCalls } from './join-calls.ts'
import { mergeEdits } from './merge-edits.ts'
import { DEFAULT_WORKSPACE_LIMITS, type WorkspaceOptions } from './options.ts'
import { materialise, planFolders } from './plan-folder.ts'
import { openCommitFolder, openTaskFolder } from './task-folder.ts'

const MOST_HASHES = 1_000

/** Plans' files on this machine. Any number of processes may share one `dataDir`. */
export function workspaces(options: WorkspaceOptions): Workspaces {
  const limits = { ...DEFAULT_WORKSPACE_LIMITS, ...options.limits }
  const dataDir = resolve(options.dataDir)
  const { roots } = options
  const git = gitCommand(options.environment)
  const folders = planFolders(dataDir)
  const cache = repositoryCache(git, dataDir, limits, options.log)
  const repositories = { git, cache, limits }
  const commits = sharedCommits(git)
  const policy = {
    roots,
    hosts: options.gitHosts,
    schemes: options.gitSchemes ?? ['https'],
    credentials: options.credentials ?? {},
  }
  const joinedRepository = joinCalls<PlanRepository>()
  const joinedFolder = joinCalls<string>()
  const sharedHashes = new Map<string, string>()

  async function callersFolder(path: string): Promise<string> {
    const folder = await allowedFolder(roots, path)
    if (folder !== undefined) return folder
    throw new PermanentError('workspace-not-found', `The workspace's path ${PATH_REFUSED}.`)
  }

  async function sourceOf(spec: GitSpec): Promise<GitSource> {
    const found = await gitSource(spec, policy)
    if ('source' in found) return found.source
    const [first] = found.errors
    throw new PermanentError('workspace-refused', `${first?.pointer} ${first?.detail}.`)
  }

  function repositoryOf(plan: PlanFiles): Promise<PlanRepository> {
    return joinedRepository(plan.folder, async () => {
      const folder = await folders.make(plan.folder)
      const { spec } = plan
      if ('git' in spec) {
        return fetchedPlanRepository(repositories, folder, plan, await sourceOf(spec.git))
      }
      const read = async () =>
        'path' in spec
          ? folderFiles(await callersFolder(spec.path), limits)
          : inlineFiles(await plan.inlineFiles())
      return copiedPlanRepository(repositories, folder, plan, read)
    })
  }

  /** One folder for all read-only tasks of a plan. A caller's own folder is used in place. */
  function sharedFolder(plan: PlanFiles): Promise<string> {
    return joinedFolder(plan.folder, async () => {
      const { spec } = plan
      if ('path' in spec) return callersFolder(spec.path)
      const planFolder = await folders.make(plan.folder)
      const folder = join(planFolder, 'shared')
      await materialise(folder, async (draft) => {
        if ('files' in spec) return writeInlineFiles(draft, await plan.inlineFiles())
        const { gitDir, base } = await repositoryOf(plan)
        return checkOutShared(git, gitDir, base, draft)
      })
      return folder
    })
  }

  /** Many tasks may ask for the same hash of a folder that does not change. */
  function sharedContents(root: string): FileContents {
    const contents = fileContents(root)
    return {
      ...contents,
      async hashOf(globs, signal) {
        const name = JSON.stringify([root, globs])
        const known = sharedHashes.get(name) ?? (await contents.hashOf(globs, signal))
        if (sharedHashes.size >= MOST_HASHES) sharedHashes.clear()
        sharedHashes.set(name, known)
        return known
      },
    }
  }

  async function openShared(plan: PlanFiles): Promise<OpenedWorkspace> {
    const base = 'git' in plan.spec ? (await repositoryOf(plan)).base : undefined
    const root = await sharedFolder(plan)
    return {
      workspace: { root, writable: false },
      // The caller's own folder may change at any time.
      contents: 'path' in plan.spec ? fileContents(root) : sharedContents(root),
      base,
      collectEdits: async () => ({ edits: undefined, problem: undefined }),
      restore: async () => false,
      close: async () => {},
    }
  }

  function listed(
    paths: string[],
    more: boolean,
    { base, links }: { base?: string; links?: Map<string, string> } = {},
  ): FileListing {
    const truncated = more || paths.length > limits.maxListedFiles
    const files = paths.slice(0, limits.maxListedFiles)
    return { status: 'listed', files, truncated, base, ...(links?.size ? { links } : {}) }
  }

  async function listRepository(spec: GitSpec): Promise<FileListing> {
    const found = await gitSource(spec, policy)
    if ('errors' in found) return { status: 'refused', errors: found.errors }
    try {
      const { gitDir, commit } = await cache.fetchRef(found.source)
      const { stdout } = await git(['ls-tree', '-r', '-z', commit], { gitDir })
      const paths: string[] = []
      const blobs = new Map<string, string>()
      for (const entry of stdout.toString().split('\0')) {
        const [, mode, id = '', path = ''] = /^(\d+) \w+ (\w+)\t([\s\S]+)$/.exec(entry) ?? []
        if (path === '' || `/${path}`.includes('/node_modules/')) continue
        paths.push(path)
        if (mode === '120000') blobs.set(path, id)
      }
      const links = await linksInCommit(git, gitDir, blobs)
      return listed(paths.sort(), false, { base: commit, links })
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error
      const detail = error.message
      return { status: 'refused', errors: [{ pointer: '/workspace/git', detail }] }
    }
  }

  async function forget(folder: string): Promise<void> {
    await folders.remove(folder)
    commits.forget(folder)
  }

  return {
    async check(spec) {
      if ('path' in spec) {
        const folder = await allowedFolder(roots, spec.path)
        const detail = roots.length === 0 ? NO_ROOTS : PATH_REFUSED
        return folder === undefined ? [{ pointer: '/workspace/path', detail }] : []
      }
      if ('files' in spec) return inlineFilesErrors(Object.keys(spec.files))
      const found = await gitSource(spec.git, policy)
      return 'errors' in found ? found.errors : []
    },

    async listFiles(spec, signal) {
      if ('files' in spec) return listed(Object.keys(spec.files).sort(), false)
      if ('git' in spec) return untilAborted(listRepository(spec.git), signal)
      const folder = await allowedFolder(roots, spec.path)
      if (folder === undefined) {
        const detail = roots.length === 0 ? NO_ROOTS : PATH_REFUSED
        return { status: 'refused', errors: [{ pointer: '/workspace/path', detail }] }
      }
      const walked = await walkFolder(folder, { maxEntries: limits.maxListedFiles, signal })
      const paths = walked.entries.map(({ path }) => path)
      const found = walked.entries.filter(({ kind }) => kind === 'link')
      const links = await linksInFolder(
        folder,
        found.map(({ path }) => path),
      )
      return listed(paths, walked.truncated, { links })
    },

    async open(plan, task, signal) {
      if (!task.isolated) return untilAborted(openShared(plan), signal)
      const repository = await untilAborted(repositoryOf(plan), signal)
      const own = await folders.make(plan.folder)
      try {
        const start = await commits.startAfter(plan.folder, repository, task, signal)
        return await openTaskFolder(git, repository, { folder: own, start }, task, limits, signal)
      } catch (error) {
        commits.forget(plan.folder)
        throw error
      }
    },

    async readable(plan, signal) {
      const folder = await realpath(await untilAborted(sharedFolder(plan), signal))
      return readableFiles(folder, limits, signal)
    },

    async merge(plan, edits, signal) {
      const repository = await untilAborted(repositoryOf(plan), signal)
      return mergeEdits(git, repository, edits, limits, signal)
    },

    async openCommit(plan, commit, signal) {
      const { gitDir } = await untilAborted(repositoryOf(plan), signal)
      const folder = await folders.make(plan.folder)
      return openCommitFolder(git, gitDir, folder, commit, signal)
    },

    forget,

    async sweep(isKept) {
      await folders.removeLeftovers()
      const borrowed = new Set<string | undefined>()
      for (const folder of await folders.list()) {
        if (await isKept(folder)) borrowed.add(await borrowedFrom(folders.path(folder)))
        else await forget(folder)
      }
      await cache.evict((gitDir) => borrowed.has(gitDir), Date.now() - limits.keepRepositoryMs)
    },
  }
}

const NO_ROOTS =
  'plans may not use folders of this machine; the operator can allow some in TUTTI_WORKSPACE_ROOTS'
const PATH_REFUSED = 'is not a folder inside one of those that TUTTI_WORKSPACE_ROOTS names'
