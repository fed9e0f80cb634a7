import { LRUCache } from 'lru-cache'
import type { TaskAccess } from '../../core/ports/workspaces.ts'
import { untilAborted } from '../../core/timing/until-aborted.ts'
import type { Git } from './git.ts'
import type { PlanRepository } from './plan-repository.ts'
import { type TaskCommits, taskCommits } from './task-commits.ts'

/**
 * The commits that tasks start from. What one task of a plan has needed is kept for the next: otherwise
 * each task of a long chain would make the commits of all those before it again.
 */
export interface SharedCommits {
  startAfter(
    folder: string,
    repository: PlanRepository,
    task: Pick<TaskAccess, 'after' | 'version'>,
    signal: AbortSignal,
  ): Promise<string>
  /** Call it when the repository of this plan's folder may be gone, and its commits with it. */
  forget(folder: string): void
}

/** An entry is small: ids of tasks and commits. */
const MOST_PLANS = 100

export function sharedCommits(git: Git): SharedCommits {
  const kept = new LRUCache<string, TaskCommits>({ max: MOST_PLANS })

  return {
    async startAfter(folder, repository, { after, version }, signal) {
      const ids = after.map(({ taskId }) => taskId)
      if (version === undefined) return taskCommits(git, repository, after, signal).startAfter(ids)
      const key = `${folder} ${version}`
      // Others wait for the same commits, so the signal of one does not end the work.
      const commits = kept.get(key) ?? taskCommits(git, repository, [])
      kept.set(key, commits)
      commits.add(after)
      const start = commits.startAfter(ids)
      start.catch(() => {
        // It remembers failures too.
        if (kept.get(key) === commits) kept.delete(key)
      })
      return untilAborted(start, signal)
    },
    forget(folder) {
      for (const key of [...kept.keys()]) if (key.startsWith(`${folder} `)) kept.delete(key)
    },
  }
}
