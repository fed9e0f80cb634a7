import { createHash, randomUUID } from 'node:crypto'
import { readdir, rename, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { lock } from 'proper-lockfile'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import { isErrno } from '../files/folder-walk.ts'
import { removeTree } from '../files/remove-tree.ts'
import type { WorkspaceLimits, WorkspaceLog } from '../options.ts'
import { materialise } from '../plan-folder.ts'
import { createBareRepository } from './bare-repository.ts'
import { fetchProblem, isNoShallow, isUnknownObject } from './fetch-problem.ts'
import { type Git, GitFailure } from './git.ts'
import type { GitSource } from './git-source.ts'

/** A commit with all its files, in a repository that lends its objects to others. */
export interface FetchedCommit {
  commit: string
  gitDir: string
}

/** Fetched data, in one shallow repository per URL and credential. */
export interface RepositoryCache {
  /** Resolves the source's ref at the remote now, and fetches it. */
  fetchRef(source: GitSource): Promise<FetchedCommit>
  /** Fetches a commit unless it is already here. */
  fetchCommit(source: GitSource, commit: string): Promise<FetchedCommit>
  /** Removes repositories that nobody borrows from and that were last used before `cutoffMs`. */
  evict(isBorrowed: (gitDir: string) => boolean, cutoffMs: number): Promise<void>
}

const LOCK_STALE_MS = 30_000
const LOCK_RETRY_MS = 50
/** Git's value for unlimited depth. */
const FULL_DEPTH = '2147483647'

export function repositoryCache(
  git: Git,
  dataDir: string,
  limits: WorkspaceLimits,
  log: WorkspaceLog | undefined,
): RepositoryCache {
  const parent = join(dataDir, 'repositories')

  async function folderOf(source: GitSource): Promise<string> {
    // By credential too: what a secret gave access to must not be available without it.
    const key = JSON.stringify([source.url, source.credential ?? null])
    const folder = join(parent, createHash('sha256').update(key).digest('hex').slice(0, 32))
    await materialise(folder, (draft) => createBareRepository(git, draft))
    return folder
  }

  /** Fetches `wanted`, a ref or a commit, and returns its commit. */
  async function fetchInto(
    gitDir: string,
    source: GitSource,
    wanted: string,
    depth: string | undefined,
  ): Promise<string> {
    const target = `refs/tutti/fetched/${randomUUID()}`
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance']
    if (depth !== undefined) options.push(`--depth=${depth}`)
    await git(['fetch', ...options, '--', source.url, `+${wanted}:${target}`], {
      gitDir,
      protocol: source.protocol,
      config: source.config,
      secrets: source.secrets,
      timeoutMs: limits.fetchTimeoutMs,
    })
    const { stdout } = await git(['rev-parse', '--verify', '--quiet', `${target}^{commit}`], {
      gitDir,
      codes: [0, 1, 128],
    })
    const commit = stdout.toString().trim()
    if (commit === '') throw new PermanentError('workspace-not-found', 'The ref is not a commit.')
    await git(['update-ref', baseRef(commit), commit], { gitDir })
    await git(['update-ref', '-d', target], { gitDir })
    return commit
  }

  async function fetchShallow(gitDir: string, source: GitSource, wanted: string): Promise<string> {
    try {
      return await fetchInto(gitDir, source, wanted, '1')
    } catch (error) {
      // A server of plain files cannot make shallow clones.
      if (isNoShallow(error)) return fetchInto(gitDir, source, wanted, undefined)
      throw error
    }
  }

  async function has(gitDir: string, commit: string): Promise<boolean> {
    const { code } = await git(['rev-parse', '--verify', '--quiet', baseRef(commit)], {
      gitDir,
      codes: [0, 1, 128],
    })
    return code === 0
  }

  async function findCommit(gitDir: string, source: GitSource, commit: string): Promise<void> {
    try {
      await fetchShallow(gitDir, source, commit)
    } catch (error) {
      if (!isUnknownObject(error)) throw error
      // The server only serves refs, so look for the commit in the ref's history.
      await fetchInto(gitDir, source, source.ref, FULL_DEPTH)
      const { code } = await git(['cat-file', '-e', `${commit}^{commit}`], {
        gitDir,
        codes: [0, 1, 128],
      })
      if (code !== 0) {
        const message = 'The commit that the plan started from is no longer in the repository.'
        throw new PermanentError('workspace-changed', message, { cause: error })
      }
      await git(['update-ref', baseRef(commit), commit], { gitDir })
    }
  }

  /** What git wrote goes to the log; callers are told less. */
  async function told<T>(source: GitSource, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      log?.warn({ err: error, url: source.url }, 'repository could not be fetched')
      throw fetchProblem(error)
    }
  }

  return {
    async fetchRef(source) {
      const gitDir = await folderOf(source)
      const commit = await alone(gitDir, limits.fetchTimeoutMs, () =>
        told(source, () => fetchShallow(gitDir, source, source.ref)),
      )
      await utimes(gitDir, new Date(), new Date())
      return { commit, gitDir }
    },

    async fetchCommit(source, commit) {
      const gitDir = await folderOf(source)
      if (!(await has(gitDir, commit))) {
        await alone(gitDir, limits.fetchTimeoutMs, async () => {
          if (await has(gitDir, commit)) return
          await told(source, () => findCommit(gitDir, source, commit))
        })
      }
      await utimes(gitDir, new Date(), new Date())
      return { commit, gitDir }
    },

    async evict(isBorrowed, cutoffMs) {
      for (const name of await namesIn(parent)) {
        const gitDir = join(parent, name)
        const isIdle = async () => !isBorrowed(gitDir) && (await stat(gitDir)).mtimeMs < cutoffMs
        if (!(await isIdle())) continue
        await alone(gitDir, limits.fetchTimeoutMs, async () => {
          if (!(await isIdle())) return
          const doomed = join(parent, `.removed-${randomUUID()}`)
          await rename(gitDir, doomed)
          await removeTree(doomed)
        })
      }
    },
  }
}

/** Runs `work` while no other process on this machine does so for the same repository. */
async function alone<T>(gitDir: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  let release: () => Promise<void>
  try {
    release = await lock(gitDir, {
      stale: LOCK_STALE_MS,
      retries: {
        retries: Math.ceil(timeoutMs / LOCK_RETRY_MS),
        factor: 1,
        minTimeout: LOCK_RETRY_MS,
      },
      // Another process took over because this one was stalled for too long; git's own locks still
      // hold.
      onCompromised: () => {},
    })
  } catch (cause) {
    throw new TransientError('The repository is being fetched by another process.', {
      code: 'workspace-unavailable',
      cause,
    })
  }
  try {
    // Left behind by a killed git; nobody else is working here now.
    await removeTree(join(gitDir, 'shallow.lock'))
    return await work()
  } finally {
    await release().catch(() => {})
  }
}

function baseRef(commit: string): string {
  return `refs/tutti/bases/${commit}`
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^[0-9a-f]{32}$/.test(name))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}
