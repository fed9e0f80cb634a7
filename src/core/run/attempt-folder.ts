import { PermanentError, TransientError } from '../contract/errors.ts'
import { writesOf } from '../contract/files-written.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Executor, TaskEdits, Workspace } from '../ports/executor.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { CollectedEdits, OpenedWorkspace, Workspaces } from '../ports/workspaces.ts'
import type { InputFolder } from '../reuse/read-files.ts'
import type { ReadEditsBefore } from './edits-before.ts'
import type { LoadedPlan } from './plan-cache.ts'
import { planFiles } from './plan-files.ts'
import type { AttemptResult } from './run-attempt.ts'
import { untilAvailable } from './until-available.ts'

/** A task's folder during one attempt. */
export interface AttemptFolder {
  workspace: Workspace | undefined
  /** The commit that it started from; `undefined` if there is none. */
  base: string | undefined
  /** The task's edits so far. Call it only while none of the task's tools run. */
  snapshot(): Promise<CollectedEdits>
  /** What the task finds in its folder; `undefined` if it has none. */
  input: InputFolder | undefined
  /** Restores the edits of an earlier attempt; false if they do not apply. */
  restore(edits: TaskEdits): Promise<boolean>
  /** Applies the edits of another task, whatever it started from; false if they do not apply. */
  apply(edits: TaskEdits): Promise<boolean>
  /** Adds the task's edits to the result of its attempt. */
  withEdits(result: AttemptResult): Promise<AttemptResult>
  /** Never rejects: problems with the folder must not cost an attempt that has been paid for. */
  close(): Promise<void>
}

const NOTHING: CollectedEdits = { edits: undefined, problem: undefined }
const LOST_EDITS = { code: 'edits-lost', message: 'What the task changed could not be read.' }

export const NO_FOLDER: AttemptFolder = {
  workspace: undefined,
  base: undefined,
  snapshot: () => Promise.resolve(NOTHING),
  input: undefined,
  restore: () => Promise.resolve(false),
  apply: () => Promise.resolve(false),
  withEdits: (result) => Promise.resolve(result),
  close: () => Promise.resolve(),
}

export interface AttemptFolderDeps {
  workspaces: Pick<Workspaces, 'open'>
  editsBefore: ReadEditsBefore
  files: Pick<PlanStore, 'files' | 'workspace' | 'pinBase'>
  /** Something that should not happen; for the log. */
  onFault: (error: unknown, planId: string, taskId: string) => void
}

/**
 * Opens the plan's files for one attempt, if it has any and the executor uses files.
 *
 * @throws {TransientError | PermanentError} The workspace is not available.
 * @throws The signal's reason, once it has aborted.
 */
export async function openAttemptFolder(
  deps: AttemptFolderDeps,
  plan: LoadedPlan,
  spec: TaskSpec,
  executor: Executor,
  signal: AbortSignal,
): Promise<AttemptFolder> {
  if (!executor.describe().capabilities.readsWorkspace) return NO_FOLDER
  const patiently = <T>(operation: () => Promise<T>) => untilAvailable(operation, signal)
  const files = await patiently(() => planFiles(deps.files, plan))
  if (files === undefined) return NO_FOLDER
  const writes = writesOf(spec)
  const isolated = writes.length > 0
  const before = isolated
    ? await patiently(() => deps.editsBefore(plan.spec.id, spec, files.generation))
    : { edits: [], version: undefined }
  try {
    const opened = await deps.workspaces.open(
      {
        ...files,
        inlineFiles: () => patiently(files.inlineFiles),
        pinBase: (candidate) => patiently(() => files.pinBase(candidate)),
      },
      { taskId: spec.id, isolated, writes, after: before.edits, version: before.version },
      signal,
    )
    return attemptFolder(deps, plan.spec.id, spec.id, opened, isolated)
  } catch (error) {
    // Prefer the abort's reason to whatever error the workspace throws when interrupted.
    signal.throwIfAborted()
    if (error instanceof TransientError || error instanceof PermanentError) throw error
    deps.onFault(error, plan.spec.id, spec.id)
    throw new PermanentError('workspace-error', 'The workspace could not be opened.', {
      cause: error,
    })
  }
}

function attemptFolder(
  deps: AttemptFolderDeps,
  planId: string,
  taskId: string,
  opened: OpenedWorkspace,
  isolated: boolean,
): AttemptFolder {
  return {
    workspace: opened.workspace,
    base: opened.base,
    snapshot: () => (isolated ? opened.collectEdits() : Promise.resolve(NOTHING)),
    input: { workspace: opened.workspace, contents: opened.contents },
    apply: async (edits) => isolated && opened.restore(edits),
    restore: async (edits) => isolated && edits.base === opened.base && opened.restore(edits),
    async withEdits(result) {
      if (!isolated || result.status === 'queued') return result
      const { edits, problem } = await opened.collectEdits().catch((error: unknown) => {
        deps.onFault(error, planId, taskId)
        return { edits: undefined, problem: LOST_EDITS }
      })
      const output = result.output ?? { text: '' }
      if (problem !== undefined) {
        const status = result.status === 'succeeded' ? 'incomplete' : result.status
        const isWhy = result.error === undefined || result.unlessEdited === true
        return { ...result, status, error: isWhy ? problem : result.error }
      }
      if (edits === undefined) return result
      const edited = { ...result, output: { ...output, edits } }
      if (result.unlessEdited === undefined) return edited
      const { error: _, ...good } = edited
      return { ...good, status: 'succeeded', outcome: 'succeeded', spends: false }
    },
    close: () => opened.close().catch((error: unknown) => deps.onFault(error, planId, taskId)),
  }
}
