import type { Failure, FieldError } from '../contract/errors.ts'
import type { WorkspaceSpec } from '../contract/submission.ts'
import type { MergedEdits } from '../contract/synthesis.ts'
import type { TaskEdits, Workspace } from './executor.ts'

/**
 * Where a plan's files come from. The contents of inline files come from `inlineFiles`, not from
 * here.
 */
export type WorkspaceSource = Exclude<WorkspaceSpec, { files: unknown }> | { files: unknown }

/** What workspaces need to know about a plan. */
export interface PlanFiles {
  planId: string
  /**
   * The name of its folder on this machine, shared by everyone who works there at the same time.
   */
  folder: string
  spec: WorkspaceSource
  /** The inline files, path to content. Called only if this machine does not have them. */
  inlineFiles(): Promise<Record<string, string>>
  /** The commit that the plan starts from, once recorded. */
  base: string | undefined
  /**
   * Records `candidate` as the plan's base unless one is recorded, atomically, and returns the
   * recorded one. Called when `base` is needed but not yet known.
   */
  pinBase(candidate: string): Promise<string>
}

/** The files of a workspace, for the overlap check. */
export type FileListing =
  | {
      status: 'listed'
      /**
       * Relative to the workspace, with `/`, sorted. Links are listed but not followed; `.git` and
       * `node_modules` are left out.
       */
      files: string[]
      /** The targets of links that lead to other places in the workspace. */
      links?: Links | undefined
      /** There are more files than were listed. */
      truncated: boolean
      /** The commit that was listed. It becomes the plan's base if it is recorded with the plan. */
      base: string | undefined
    }
  /** The workspace is not available as requested: no such folder, repository or ref. */
  | { status: 'refused'; errors: FieldError[] }

/** The edits of one task, and what it started from. */
export interface OrderedEdits {
  taskId: string
  edits: TaskEdits
  /**
   * Ids of the tasks whose edits it started with, in the order in which they were given to `open`.
   */
  after: string[]
}

export interface TaskAccess {
  taskId: string
  /**
   * True for a folder of its own that the task may write to; false for one that all readers of the
   * plan share. A task that writes needs its own: the caller's folder is never written to.
   */
  isolated: boolean
  /** Globs that the task declared to write. Ignored files that match them are part of its edits. */
  writes: string[]
  /**
   * Edits that the task must find in its folder, in order: those of the tasks it depends on or was
   * put behind, each preceded by what it started from itself. Only for an isolated task.
   */
  after: OrderedEdits[]
  /**
   * As long as it is the same, every task in `after` has the same edits, so that their commits are made
   * only once.
   */
  version?: string | undefined
}

/** What a task changed. Both are undefined if it changed nothing. */
export interface CollectedEdits {
  edits: TaskEdits | undefined
  /** `edits-too-large` or `edits-unreadable`: there may be edits, but they are not kept. */
  problem: Failure | undefined
}

/** What is in the files of a folder, without the contents themselves. */
export interface FileContents {
  /** Blob ids as git computes them; `undefined` where there is no file. */
  blobs(paths: readonly string[]): Promise<(string | undefined)[]>
  /** One hash of the names and contents of all files that match, or of all there are. */
  hashOf(globs: readonly string[] | undefined, signal: AbortSignal): Promise<string>
}

/** A task's view of its plan's files, until it is closed. */
export interface OpenedWorkspace {
  workspace: Workspace
  contents: FileContents
  /** The commit in the folder when it was opened; undefined for a shared plain folder. */
  base: string | undefined
  /** Compares the folder with its base. Call it while no process of the task runs. */
  collectEdits(): Promise<CollectedEdits>
  /**
   * Applies edits that were collected from another folder with the same base, or at least the same edited
   * files. Call it before anything
   * of the task runs. Returns false, without changes, if they do not apply.
   */
  restore(edits: TaskEdits): Promise<boolean>
  /** Removes the task's own folders. May be called repeatedly. */
  close(): Promise<void>
}

/** A plan's files, for lookups. */
export interface ReadableFiles {
  /** Relative to the workspace, with `/`, sorted; links, `.git` and `node_modules` are left out. */
  paths: string[]
  /** There are more files than `paths` lists. */
  truncated: boolean
  /** Reads one of `paths`; undefined if it is not text, too large to read at once, or gone. */
  read(path: string): Promise<string | undefined>
}

/**
 * The files that plans work on. Nothing here relies on another machine's disk: a process rebuilds
 * what it lacks from the plan, to the same commit.
 *
 * Calls that reach a repository or build a folder settle soon after `signal` aborts. They throw
 * TransientError if the same call may succeed later (a remote that does not answer), and
 * PermanentError otherwise: `workspace-not-found`, `workspace-refused`, `workspace-changed`,
 * `workspace-too-large`. No message contains a credential.
 */
export interface Workspaces {
  /**
   * Problems with a workspace that can be found without contacting a remote; empty if there are
   * none.
   */
  check(spec: WorkspaceSpec): Promise<FieldError[]>
  /** @throws {TransientError} */
  listFiles(spec: WorkspaceSpec, signal: AbortSignal): Promise<FileListing>
  /** @throws {TransientError | PermanentError} */
  open(plan: PlanFiles, task: TaskAccess, signal: AbortSignal): Promise<OpenedWorkspace>
  /**
   * The files as read-only tasks see them. Reads are guaranteed to stay in the workspace.
   *
   * @throws {TransientError | PermanentError}
   */
  readable(plan: PlanFiles, signal: AbortSignal): Promise<ReadableFiles>
  /**
   * Merges the edits of tasks in the given order, three-way, into one commit on the plan's base. A
   * task with any conflict is left out entirely and named in `conflicts`. Contents there are absent
   * for a file that does not exist on that side, is not text or is too large to show. The same
   * edits give the same commit. Nothing is checked out or pushed.
   *
   * @throws {TransientError | PermanentError}
   */
  merge(plan: PlanFiles, edits: OrderedEdits[], signal: AbortSignal): Promise<MergedEdits>
  /**
   * Opens a folder with the files of a commit that `merge` has created, to run programs in. Changes in it
   * are discarded.
   *
   * @throws {TransientError | PermanentError}
   */
  openCommit(
    plan: PlanFiles,
    commit: string,
    signal: AbortSignal,
  ): Promise<Pick<OpenedWorkspace, 'workspace' | 'close'>>
  /** Removes a folder that nobody uses any more. */
  forget(folder: string): Promise<void>
  /**
   * Removes every folder on this machine that `isKept` rejects: those of plans deleted elsewhere or
   * expired.
   */
  sweep(isKept: (folder: string) => Promise<boolean>): Promise<void>
}

/** Links to other places in the workspace, with their targets; '' is the workspace itself. */
export type Links = ReadonlyMap<string, string>
