import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OrderedEdits } from '../core/ports/workspaces.ts'
import { type Git, type GitCall, GitFailure } from './git.ts'
import { mergeTree } from './merge-tree.ts'
import type { PlanRepository } from './plan-repository.ts'

/**
 * Makes commits of tasks' edits again, wherever they are needed. Each is made of nothing but the
 * edits, so its id is the same on every machine. The commit of a task that started from the work of
 * others has that as its parent, which is how a later merge knows what is already in it.
 */
export interface TaskCommits {
  /** The commit of a task's edits, or undefined when they do not fit what they should start from. */
  of(taskId: string): Promise<string | undefined>
  /** The base with the edits of `after` on it, in order; those that conflict with earlier ones are left out. */
  startAfter(after: readonly string[]): Promise<string>
}

export function taskCommits(
  git: Git,
  repository: PlanRepository,
  edits: readonly OrderedEdits[],
  signal: AbortSignal,
): TaskCommits {
  const { gitDir, base, date } = repository
  const byTask = new Map(edits.map((entry) => [entry.taskId, entry]))
  const commits = new Map<string, Promise<string | undefined>>()
  const starts = new Map<string, Promise<string>>()

  /** With what each of them came after itself, so that naming only the last of a chain is enough. */
  function inOrder(after: readonly string[], found = new Set<string>()): Set<string> {
    for (const taskId of after) {
      if (found.has(taskId)) continue
      inOrder(byTask.get(taskId)?.after ?? [], found)
      found.add(taskId)
    }
    return found
  }

  function startAfter(after: readonly string[]): Promise<string> {
    const ordered = [...inOrder(after)]
    return remembered(starts, ordered.join(' '), async () => {
      let start = base
      for (const taskId of ordered) {
        const commit = await of(taskId)
        if (commit === undefined) continue
        const merged = await mergeTree(git, gitDir, start, commit, signal)
        if (merged.conflicts !== undefined) continue
        start = await commitTree(git, gitDir, merged.tree, [start, commit], date, `after ${taskId}`)
      }
      return start
    })
  }

  function of(taskId: string): Promise<string | undefined> {
    return remembered(commits, taskId, async () => {
      const entry = byTask.get(taskId)
      if (entry === undefined) return undefined
      const start = await startAfter(entry.after)
      const tree = await appliedTree(git, gitDir, start, [entry.edits.patch], signal)
      return tree === undefined
        ? undefined
        : commitTree(git, gitDir, tree, [start], date, `task ${taskId}`)
    })
  }

  return { of, startAfter }
}

/** One commit of a tree. The same arguments give the same id. */
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
 * The tree of `start` with patches on it, made in an index of its own; undefined when one does not fit.
 * No two of the patches may touch the same file.
 */
export async function appliedTree(
  git: Git,
  gitDir: string,
  start: string,
  patches: string[],
  signal: AbortSignal,
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
