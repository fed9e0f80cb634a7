import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OrderedEdits } from '../../core/ports/workspaces.ts'
import { type Git, type GitCall, GitFailure } from './git.ts'
import { mergeTree } from './merge-tree.ts'
import type { PlanRepository } from './plan-repository.ts'

/**
 * Recreates commits of tasks' edits wherever they are needed. Each depends only on the edits, so
 * its id is the same on every machine. If a task started from the work of others, that is its
 * commit's parent, which tells a later merge what it already contains.
 */
export interface TaskCommits {
  /**
   * The commit of a task's edits, or undefined if they do not apply to what they should start from.
   */
  of(taskId: string): Promise<string | undefined>
  /**
   * The base with the edits of `after` on top, in order; those that conflict with earlier ones are
   * left out.
   */
  startAfter(after: readonly string[]): Promise<string>
  /** Adds edits of further tasks; those of a known task are the same. */
  add(edits: readonly OrderedEdits[]): void
}

/** A starting point, and those with one more task's edits on top. */
interface Start {
  commit: Promise<string>
  next: Map<string, Start>
}

export function taskCommits(
  git: Git,
  repository: PlanRepository,
  edits: readonly OrderedEdits[],
  signal?: AbortSignal,
): TaskCommits {
  const { gitDir, base, date } = repository
  const byTask = new Map<string, { after: string[]; patch: string | undefined }>()
  const commits = new Map<string, Promise<string | undefined>>()
  const atBase: Start = { commit: Promise.resolve(base), next: new Map() }

  function add(more: readonly OrderedEdits[]): void {
    for (const {
      taskId,
      after,
      edits: { patch },
    } of more) {
      if (!byTask.has(taskId)) byTask.set(taskId, { after, patch })
    }
  }
  add(edits)

  /** Includes what each of them came after, so that naming the last of a chain is enough. */
  function inOrder(after: readonly string[]): Set<string> {
    const found = new Set<string>()
    const entered = new Set<string>()
    const open = after.toReversed()
    for (let taskId = open.at(-1); taskId !== undefined; taskId = open.at(-1)) {
      if (!entered.has(taskId)) {
        entered.add(taskId)
        open.push(...(byTask.get(taskId)?.after ?? []).toReversed())
        continue
      }
      open.pop()
      found.add(taskId)
    }
    return found
  }

  function startAfter(after: readonly string[]): Promise<string> {
    let start = atBase
    for (const taskId of inOrder(after)) {
      // The starting points of a chain's tasks each differ by one task.
      const next = start.next.get(taskId) ?? {
        commit: withTask(start.commit, taskId),
        next: new Map(),
      }
      start.next.set(taskId, next)
      start = next
    }
    return start.commit
  }

  async function withTask(before: Promise<string>, taskId: string): Promise<string> {
    const start = await before
    const commit = await of(taskId)
    if (commit === undefined) return start
    const merged = await mergeTree(git, gitDir, start, commit, signal)
    if (merged.conflicts !== undefined) return start
    return commitTree(git, gitDir, merged.tree, [start, commit], date, `after ${taskId}`)
  }

  function of(taskId: string): Promise<string | undefined> {
    return remembered(commits, taskId, async () => {
      const entry = byTask.get(taskId)
      if (entry?.patch === undefined) return undefined
      const start = await startAfter(entry.after)
      const tree = await appliedTree(git, gitDir, start, [entry.patch], signal)
      const commit =
        tree === undefined
          ? undefined
          : await commitTree(git, gitDir, tree, [start], date, `task ${taskId}`)
      // It is in the repository now, and may be large.
      entry.patch = undefined
      return commit
    })
  }

  return { of, startAfter, add }
}

/** Commits a tree. The same arguments give the same id. */
export async function commitTree(
  git: Git,
  gitDir: string,
  tree: string,
  parents: string[],
  date: number,
  message: string,
): Promise<string> {
  const flags = [...new Set(parents)].flatMap((parent) => ['-p', parent])
  const { stdout } = await git(['commit-tree', ...flags, tree], {
    gitDir,
    date,
    input: `${message}\n`,
  })
  return stdout.toString().trim()
}

/**
 * The tree of `start` with patches applied, made in an index of its own; undefined if one does not
 * apply. No two of the patches may touch the same file.
 */
export async function appliedTree(
  git: Git,
  gitDir: string,
  start: string,
  patches: string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const call: GitCall = { gitDir, signal, indexFile: join(gitDir, `index-${randomUUID()}`) }
  try {
    await git(['read-tree', start], call)
    await git(['apply', '--cached', '--binary', '--whitespace=nowarn', '-'], {
      ...call,
      input: patches.join(''),
    })
    return (await git(['write-tree'], call)).stdout.toString().trim()
  } catch (error) {
    if (error instanceof GitFailure && error.code !== null) return undefined
    throw error
  } finally {
    await rm(call.indexFile ?? '', { force: true })
  }
}

function remembered<T>(
  known: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}
