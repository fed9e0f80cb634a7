import type { CachedFrom } from '../contract/cache.ts'
import type { TaskOutput } from './executor.ts'

/**
 * Everything that a task's output was made from, as far as it is known: stored with the output, for as
 * long as its plan exists. Contains hashes and paths, no contents.
 */
export interface TaskInputs {
  /** Everything except files; see `taskKey`. */
  key: string
  /** When the output was made, in milliseconds since 1970; of a reused one, when it was first made. */
  madeAt: number
  /** The files that it read or changed, with their blob ids; `null` for one that was not there. */
  files?: [path: string, blob: string | null][]
  /** What it listed and searched, with hashes of the results. */
  looks?: { tool: string; input: unknown; result: string }[]
  /** Instead, where its reads cannot be seen: all files that match, or all there are. */
  all?: { globs: string[] | null; hash: string }
}

/** Finds outputs that can be reused. A tenant's entries are known to that tenant alone. */
export interface ReuseStore {
  /** Tasks whose inputs may have this key, newest first; a few at most. */
  candidates(tenant: string, key: string): Promise<CachedFrom[]>
  /** `gone`: the plan was deleted. `undefined`: the task has no output that can be reused. */
  inputs(task: CachedFrom): Promise<TaskInputs | 'gone' | undefined>
  /** The output, if the task has still succeeded with these inputs. */
  output(task: CachedFrom, inputs: TaskInputs): Promise<TaskOutput | undefined>
  /**
   * Lists a task under its key. The oldest entries go when those of the tenant refer to more than the
   * operator allows.
   */
  keep(entry: { tenant: string; key: string; task: CachedFrom; bytes: number }): Promise<void>
  /** Removes all entries of a plan. */
  forget(tenant: string, planId: string): Promise<void>
}
