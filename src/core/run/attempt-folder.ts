import { PermanentError, TransientError } from '../contract/errors.ts'
import { writesOf } from '../contract/files-written.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Executor, Workspace } from '../ports/executor.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { TaskStore } from '../ports/task-life.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import type { LoadedPlan } from './plan-cache.ts'
import { editsBefore, planFiles } from './plan-files.ts'
import type { AttemptResult } from './run-attempt.ts'

export interface AttemptFolderDeps {
  workspaces: Pick<Workspaces, 'open'>
  tasks: Pick<TaskStore, 'specs' | 'outputs'>
  files: Pick<PlanStore, 'files' | 'base' | 'pinBase'>
  /** Something that should not have happened; for the log. */
  onFault: (error: unknown, planId: string, taskId: string) => void
}

/** A task's folder while one attempt runs. */
interface AttemptFolder {
  workspace: Workspace | undefined
  /** Adds what the task changed to the result of its attempt. */
  withEdits(result: AttemptResult): Promise<AttemptResult>
  close(): Promise<void>
}

const LOST_EDITS = { code: 'edits-lost', message: 'What the task changed could not be read.' }

const NO_FOLDER: AttemptFolder = {
  workspace: undefined,
  withEdits: (result) => Promise.resolve(result),
  close: () => Promise.resolve(),
}

/**
 * Opens the plan's files for one attempt, where it has any and the executor looks at files. A
 * workspace that cannot be had is a failure of the attempt, tried again when that may help.
 */
export async function openAttemptFolder(
  deps: AttemptFolderDeps,
  plan: LoadedPlan,
  spec: TaskSpec,
  executor: Executor,
  signal: AbortSignal,
): Promise<AttemptFolder | { failure: AttemptResult }> {
  if (!executor.describe().capabilities.readsWorkspace) return NO_FOLDER
  const files = await planFiles(deps.files, plan)
  if (files === undefined) return NO_FOLDER
  const writes = writesOf(spec)
  const isolated = writes.length > 0
  try {
    const opened = await deps.workspaces.open(
      files,
      {
        taskId: spec.id,
        isolated,
        writes,
        after: isolated ? await editsBefore(deps.tasks, plan.spec.id, spec) : [],
      },
      signal,
    )
    return {
      workspace: opened.workspace,
      async withEdits(result) {
        if (!isolated || result.status === 'queued') return result
        const { edits, problem } = await opened.collectEdits().catch((error: unknown) => {
          deps.onFault(error, plan.spec.id, spec.id)
          return { edits: undefined, problem: LOST_EDITS }
        })
        const output = result.output ?? { text: '' }
        if (problem !== undefined) {
          const status = result.status === 'succeeded' ? 'incomplete' : result.status
          return { ...result, status, error: result.error ?? problem }
        }
        return edits === undefined ? result : { ...result, output: { ...output, edits } }
      },
      close: () => opened.close(),
    }
  } catch (error) {
    if (error instanceof TransientError) {
      const failure = { code: error.code, message: error.message }
      return {
        failure: {
          status: 'queued',
          outcome: 'failed',
          spends: true,
          error: failure,
          retryInMs: error.retryAfterMs ?? 1_000,
        },
      }
    }
    if (!(error instanceof PermanentError)) deps.onFault(error, plan.spec.id, spec.id)
    const failure =
      error instanceof PermanentError
        ? { code: error.code, message: error.message }
        : { code: 'workspace-error', message: 'The workspace could not be opened.' }
    return { failure: { status: 'failed', outcome: 'failed', spends: true, error: failure } }
  }
}
