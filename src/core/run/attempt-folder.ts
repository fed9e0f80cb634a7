import { PermanentError, TransientError } from '../contract/errors.ts'
import { writesOf } from '../contract/files-written.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Executor, Workspace } from '../ports/executor.ts'
import type { PlanStore, TaskStore } from '../ports/plan-store.ts'
import type { OrderedEdits, PlanFiles } from '../ports/workspaces.ts'
import type { LoadedPlan } from './plan-cache.ts'
import type { AttemptResult } from './run-attempt.ts'
import type { RunUnitDeps } from './run-unit.ts'

/** A task's folder while one attempt runs. */
interface TaskFolder {
  workspace: Workspace | undefined
  /** Adds what the task changed to the result of its attempt. */
  withEdits(result: AttemptResult): Promise<AttemptResult>
  close(): Promise<void>
}

const LOST_EDITS = { code: 'edits-lost', message: 'What the task changed could not be read.' }

const NO_FOLDER: TaskFolder = {
  workspace: undefined,
  withEdits: (result) => Promise.resolve(result),
  close: () => Promise.resolve(),
}

/** The plan as far as its files are concerned. */
export async function planFiles(
  store: Pick<PlanStore, 'files' | 'base' | 'pinBase'>,
  plan: Pick<LoadedPlan, 'spec'>,
): Promise<PlanFiles | undefined> {
  const { id, workspace } = plan.spec
  if (workspace === undefined) return undefined
  return {
    planId: id,
    spec: workspace,
    inlineFiles: () => store.files(id),
    base: await store.base(id),
    pinBase: (candidate) => store.pinBase(id, candidate),
  }
}

/**
 * Opens the plan's files for one attempt, where it has any and the executor looks at files. A
 * workspace that cannot be had is a failure of the attempt, tried again when that may help.
 */
export async function openTaskFolder(
  deps: Pick<RunUnitDeps, 'workspaces' | 'tasks' | 'files' | 'onFault'>,
  plan: LoadedPlan,
  spec: TaskSpec,
  executor: Executor,
  signal: AbortSignal,
): Promise<TaskFolder | { failure: AttemptResult }> {
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

/**
 * The edits of every task that this one comes after, each listed after all that it comes after itself.
 * `after` names the nearest of those that have edits: what these came after, they name themselves.
 */
export async function editsBefore(
  tasks: Pick<TaskStore, 'specs' | 'outputs'>,
  planId: string,
  spec: Pick<TaskSpec, 'waitsFor'>,
): Promise<OrderedEdits[]> {
  const found = new Map<string, { edits: OrderedEdits['edits'] | undefined; after: string[] }>()
  let wanted = [...(spec.waitsFor ?? [])]
  while (wanted.length > 0) {
    const [specs, outputs] = await Promise.all([
      tasks.specs(planId, wanted),
      tasks.outputs(planId, wanted),
    ])
    wanted.forEach((taskId, index) => {
      found.set(taskId, { edits: outputs[index]?.edits, after: specs[index]?.waitsFor ?? [] })
    })
    const before = wanted.flatMap((taskId) => found.get(taskId)?.after ?? [])
    wanted = [...new Set(before.filter((taskId) => !found.has(taskId)))]
  }
  const ordered: OrderedEdits[] = []
  /** Of each task, itself where it has edits, else the nearest before it that have. */
  const nearest = new Map<string, string[]>()
  const open = [...(spec.waitsFor ?? [])].reverse()
  for (let taskId = open.at(-1); taskId !== undefined; taskId = open.at(-1)) {
    const { edits, after: direct = [] } = found.get(taskId) ?? {}
    const first = direct.find((id) => !nearest.has(id))
    if (first !== undefined && !nearest.has(taskId)) {
      open.push(first)
      continue
    }
    open.pop()
    if (nearest.has(taskId)) continue
    const after = [...new Set(direct.flatMap((id) => nearest.get(id) ?? []))]
    nearest.set(taskId, edits === undefined ? after : [taskId])
    if (edits !== undefined) ordered.push({ taskId, edits, after })
  }
  return ordered
}
