import { type FieldError, ServiceError } from '../contract/errors.ts'
import { jsonPointer } from '../contract/field-errors.ts'
import { withWrites } from '../contract/files-written.ts'
import type { SubmitPlan } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Overlap } from '../contract/views.ts'
import { type PricingDeps, taskPriceErrors } from '../preflight/check-budget.ts'
import { distinctSchemas, schemaErrors } from './check-schemas.ts'
import type { NamedTask } from './expand-pattern.ts'

// What is checked of tasks, whether they are submitted with their plan or added later.

export interface CheckTasksDeps extends PricingDeps {
  defaultExecutor: string
  /** The reason why a JSON Schema cannot be used; undefined if it can. */
  schemaProblem: (schema: Record<string, unknown>) => Promise<string | undefined>
}

/** A task as it is stored. */
export function taskSpec(
  { defaultExecutor }: Pick<CheckTasksDeps, 'defaultExecutor'>,
  plan: Pick<SubmitPlan, 'workspace' | 'cache'>,
  task: NamedTask,
): TaskSpec {
  const { dependsOn } = task
  const { cache = plan.cache, ...rest } = task
  return {
    ...(plan.workspace === undefined ? rest : withWrites(rest)),
    ...(cache === undefined || cache.mode === 'off' ? {} : { cache }),
    executor: task.executor ?? defaultExecutor,
    ...(dependsOn === undefined ? {} : { waitsFor: dependsOn }),
  }
}

/** What is wrong with tasks on their own, apart from their order. */
export async function tasksErrors(
  deps: CheckTasksDeps,
  plan: SubmitPlan,
  tasks: readonly TaskSpec[],
  pointerOf: (index: number) => string,
): Promise<FieldError[]> {
  return [
    ...tasks.flatMap((task, index) => taskErrors(deps, task, pointerOf(index))),
    ...(await schemaErrors(deps, tasks, distinctSchemas(tasks), pointerOf)),
    ...taskPriceErrors(deps, plan, tasks, pointerOf),
  ]
}

function taskErrors(deps: CheckTasksDeps, task: TaskSpec, pointer: string): FieldError[] {
  const errors: FieldError[] = []
  const executor = deps.executors.get(task.executor)
  if (executor === undefined) {
    const known = [...deps.executors.keys()].join(', ')
    return [
      {
        pointer: `${pointer}/executor`,
        detail: `is not an executor of this service; choose one of ${known}`,
      },
    ]
  }
  const description = executor.describe()
  if (!description.available) {
    const reason = description.reason ?? 'it is not available'
    errors.push({ pointer: `${pointer}/executor`, detail: `cannot run here: ${reason}` })
  }
  // An executor that would call them lists them with the models of the task.
  const escalates = executor.models?.(task).some(({ path }) => path[0] === 'escalate') ?? false
  if (task.escalate !== undefined && !escalates) {
    const detail = `is not supported by the executor \`${executor.name}\``
    errors.push({ pointer: `${pointer}/escalate`, detail })
  }
  for (const { path, message } of executor.validate(task)) {
    errors.push({ pointer: `${pointer}${jsonPointer(path)}`, detail: message })
  }
  return errors
}

export function overlapping(overlaps: readonly Overlap[]): ServiceError {
  const [first] = overlaps
  const pair = first === undefined ? '' : `${first.tasks[0]} and ${first.tasks[1]}`
  const count = overlaps.length === 1 ? 'One pair' : `${overlaps.length} pairs`
  return new ServiceError(
    'overlapping-tasks',
    `${count} of tasks would work on the same files, first ${pair}. Give each task its own files, or set policy.onOverlap to "serialize" or "isolate".`,
    { extensions: { overlaps } },
  )
}
