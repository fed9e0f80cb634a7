import type { FieldError } from '../contract/errors.ts'
import { runsPrograms } from '../contract/files-written.ts'
import type { SubmitPlan } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Executor } from '../ports/executor.ts'

type Executors = ReadonlyMap<string, Executor>

/** A single error even if several tasks need files: one `workspace` serves them all. */
export function missingFiles(
  executors: Executors,
  plan: SubmitPlan,
  tasks: readonly TaskSpec[],
  pointerOf: (index: number) => string,
): FieldError[] {
  const index = tasks.findIndex(({ executor }) => lacksFiles(executors, plan, executor))
  const task = tasks[index]
  if (task === undefined) return lackingFolder(plan, tasks)
  const detail = `the executor \`${task.executor}\` needs files: give \`workspace\`, or name another executor in \`${pointerOf(index)}/executor\``
  return [{ pointer: '/workspace', detail }]
}

function lackingFolder(plan: SubmitPlan, tasks: readonly TaskSpec[]): FieldError[] {
  if (plan.workspace !== undefined || !tasks.some(runsPrograms)) return []
  return [
    { pointer: '/workspace', detail: 'is what the tool `run` works on, and the plan has none' },
  ]
}

/** Whether a task for this executor would fail in this plan. */
export function lacksFiles(executors: Executors, plan: SubmitPlan, executor: string): boolean {
  if (plan.workspace !== undefined) return false
  return executors.get(executor)?.describe().capabilities.requiresWorkspace === true
}
