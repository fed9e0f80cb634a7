import type { Failure, FieldError } from '../contract/errors.ts'
import type { WorkspaceSpec } from '../contract/submission.ts'
import type { MergedEdits } from '../contract/synthesis.ts'
import type { TaskEdits, Workspace } from './executor.ts'

/** Where a plan's files come from. Inline files are read through `inlineFiles`, not from here. */
export type WorkspaceSource = Exclude<WorkspaceSpec, { files: unknown }> | { files: unknown }

/** A plan, as far as its files are concerned. */
export interface PlanFiles {
  planId: string
  /** Names where this machine keeps them: those who work there at the same time share it. */
  folder: string
  spec: WorkspaceSource
  /** The inline files, path to content. Called only while this machine does not hold them. */
  inlineFiles(): Promise<Record<string, string>>
  /** The commit that the plan starts from, once one was recorded. */
  base: string | undefined
  /**
   * Records `candidate` as the plan's base, unless one is recorded already, in one atomic step, and
   * answers with the recorded one. Called when `base` is needed and not known yet.
   */
  pinBase(candidate: string): Promise<string>
}

/** The files of a workspace, as the check for overlaps needs them. */
export type FileListing =
  | {
      status: 'listed'
      /** Relative to the workspace, with `/`, sorted. Links are named, never followed; `.git` and `node_modules` are left out. */
      files: string[]
      /** Where links lead that lead to another place in the workspace. */
      links?: Links | undefined
      /** There are more files than were listed. */
      truncated: boolean
      /** The commit that was listed; the plan's base, if it is recorded with the plan. */
      base: string | undefined
    }
  /** The workspace cannot be had as it was asked for: no such folder, repository or ref. */
  | { status: 'refused'; errors: FieldError[] }

/** The edits of one task, with what it started from. */
export interface OrderedEdits {
  taskId: string
  edits: TaskEdits
  /** Ids of the tasks whose edits it found in its folder, in the order they were given to `open`. */
  after: string[]
}

export interface TaskAccess {
  taskId: string
  /**
   * True for a folder of its own that the task may write. False for one that all readers of the plan
   * share. A task that writes needs its own: the caller's folder is never written to.
   */
  isolated: boolean
  /** Globs that the task declared to write: ignored files that these name are part of its edits. */
  writes: string[]
  /**
   * Edits that the task must find in its folder, in order: those of the tasks it depends on or was
   * held back for, and before each of them what it started from itself. Only for an isolated task.
   */
  after: OrderedEdits[]
}

/** What a task changed. Both are undefined when it changed nothing. */
export interface CollectedEdits {
  edits: TaskEdits | undefined
  /** `edits-too-large` or `edits-unreadable`: there may be edits, and they are not kept. */
  problem: Failure | undefined
}

/** A task's view of its plan's files, until it is closed. */
export interface OpenedWorkspace {
  workspace: Workspace
  /** The commit that the folder held when it was opened; undefined for a shared plain folder. */
  base: string | undefined
  /** Compares the folder with its base. Call it after the last process of the task has ended. */
  collectEdits(): Promise<CollectedEdits>
  /** Removes the task's own folders. May be called again. */
  close(): Promise<void>
}

/** A plan's files, to look things up in. */
export interface ReadableFiles {
  /** Relative to the workspace, with `/`, sorted; links, `.git` and `node_modules` are left out. */
  paths: string[]
  /** There are more files than `paths` has. */
  truncated: boolean
  /** One of `paths`; undefined where it is no text, is too large to read at once, or is gone. */
  read(path: string): Promise<string | undefined>
}

/**
 * The files that plans work on. Nothing here relies on another machine's disk: what a process needs
 * and does not find, it builds again from the plan, to the same commit.
 *
 * Calls that reach a repository or build a folder settle soon after `signal` aborts. They throw
 * TransientError when the same call may succeed later (a remote that does not answer), and
 * PermanentError otherwise: `workspace-not-found`, `workspace-refused`, `workspace-changed`,
 * `workspace-too-large`. No message carries a credential.
 */
export interface Workspaces {
  /** What is wrong with a workspace, found without reaching a remote; empty when nothing is. */
  check(spec: WorkspaceSpec): Promise<FieldError[]>
  /** @throws {TransientError} */
  listFiles(spec: WorkspaceSpec, signal: AbortSignal): Promise<FileListing>
  /** @throws {TransientError | PermanentError} */
  open(plan: PlanFiles, task: TaskAccess, signal: AbortSignal): Promise<OpenedWorkspace>
  /**
   * The files as tasks that only read find them. What is read is certain to lie in the workspace.
   *
   * @throws {TransientError | PermanentError}
   */
  readable(plan: PlanFiles, signal: AbortSignal): Promise<ReadableFiles>
  /**
   * Merges the edits of tasks in the order given, three-way, into one commit on the plan's base.
   * A task with any conflict is left out as a whole and named in `conflicts`. Contents there are
   * absent for a file that does not exist on that side, is not text, or is too large to show.
   * The same edits give the same commit. Nothing is checked out or pushed.
   *
   * @throws {TransientError | PermanentError}
   */
  merge(plan: PlanFiles, edits: OrderedEdits[], signal: AbortSignal): Promise<MergedEdits>
  /** Removes a folder that nobody works in any more. */
  forget(folder: string): Promise<void>
  /** Forgets every folder on this machine that `isKept` denies: of plans deleted elsewhere, or expired. */
  sweep(isKept: (folder: string) => Promise<boolean>): Promise<void>
}

/** Links of a workspace that lead to another place in it, each with that place; '' is the workspace. */
export type Links = ReadonlyMap<string, string>
