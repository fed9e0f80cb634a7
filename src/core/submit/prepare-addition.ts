import { laneIn } from '../batch/units.ts'
import { type FieldError, ServiceError } from '../contract/errors.ts'
import { check, distinct, invalid, jsonPointer } from '../contract/field-errors.ts'
import { runsPrograms } from '../contract/files-written.ts'
import { type Limits, MAX_DEPENDENCIES } from '../contract/limits.ts'
import { isEnded, type TaskStatus } from '../contract/status.ts'
import { addTasksSchema, type SubmitPlan } from '../contract/submission.ts'
import type { SubmittedTask, TaskSpec } from '../contract/task-spec.ts'
import type { Growth, PlanRecord } from '../ports/records.ts'
import { wavesOf } from '../preflight/check-plan.ts'
import { distinctSchemas, schemaCountErrors } from './check-schemas.ts'
import { checkTaskGraph } from './check-task-graph.ts'
import { type CheckTasksDeps, overlapping, taskSpec, tasksErrors } from './check-tasks.ts'
import { type NamedTask, nameTasks } from './expand-pattern.ts'
import { lacksFiles } from './missing-files.ts'
import type { CheckPlan } from './prepare-plan.ts'

export interface PrepareAdditionDeps extends CheckTasksDeps {
  limits: Limits
  checkPlan: CheckPlan
}

/** A stored plan that tasks are added to. */
export interface GrowingPlan {
  record: PlanRecord
  context: string
  /** Its inline files; empty without any. */
  files: Record<string, string>
  /** Its tasks so far, in plan order. */
  tasks: readonly { spec: TaskSpec; status: TaskStatus }[]
}

/** Tasks that have been found fit to be added. */
export interface PreparedAddition {
  /** The new tasks, with what they wait for. */
  specs: TaskSpec[]
  growth: Growth
}

const schemas = new WeakMap<Limits, ReturnType<typeof addTasksSchema>>()

/** @throws {ServiceError} invalid-request, with a JSON Pointer to each wrong field. */
export function parseAddition(limits: Limits, value: unknown): SubmittedTask[] {
  const schema = schemas.get(limits) ?? addTasksSchema(limits)
  schemas.set(limits, schema)
  const { data, problems } = check(schema, value)
  if (problems === undefined) return data.tasks
  throw invalid(
    problems.map(({ path, message }) => ({ pointer: jsonPointer(path), detail: message })),
  )
}

/**
 * Checks tasks as a submission would, together with those that the plan has. Nothing runs at the same time as a task
 * that has ended, so the files of such tasks are free.
 *
 * @throws {ServiceError} invalid-request, overlapping-tasks, or task-not-finished if a new task depends on one that
 * ended without success.
 */
export async function prepareAddition(
  deps: PrepareAdditionDeps,
  growing: GrowingPlan,
  submitted: readonly SubmittedTask[],
): Promise<PreparedAddition> {
  const { record, tasks } = growing
  const plan = submittedPlan(growing)
  const named = nameTasks(
    submitted,
    tasks.map(({ spec }) => spec.id),
  )
  const early = [...placeErrors(deps, growing, named), ...graphErrors(growing, submitted, named)]
  if (early.length > 0) throw invalid(distinct(early))
  const specs = named.map((task) => taskSpec(deps, plan, task))
  const errors = await specErrors(deps, plan, growing, specs)
  if (errors.length > 0) throw invalid(distinct(errors))
  requireRunning(growing, specs)

  const open = tasks.filter(({ status }) => !isEnded(status)).map(({ spec }) => spec)
  const checked = await deps.checkPlan(plan, [...open, ...specs], { advised: false })
  const ids = new Set(specs.map(({ id }) => id))
  const overlaps = checked.overlaps.filter((pair) => pair.tasks.some((id) => ids.has(id)))
  if (overlaps.length > 0 && plan.policy.onOverlap === 'reject') throw overlapping(overlaps)
  for (const spec of specs) {
    const extra = checked.serialized.get(spec.id) ?? []
    if (extra.length > 0) spec.waitsFor = [...new Set([...(spec.waitsFor ?? []), ...extra])]
  }
  return { specs, growth: growthOf(deps, record, tasks, specs) }
}

/** The plan as it would be submitted today, without its tasks. */
function submittedPlan({ record, context, files }: GrowingPlan): SubmitPlan {
  const { title, mode, policy, workspace, synthesis, webhook, metadata, cache } = record.spec
  return {
    ...{ title, context, mode, synthesis, webhook, metadata, cache },
    policy: { ...policy, budgetUsd: record.budgetUsd },
    workspace: workspace !== undefined && 'files' in workspace ? { files } : workspace,
  }
}

/** Whether the plan has room for them. */
function placeErrors(
  { limits }: Pick<PrepareAdditionDeps, 'limits'>,
  { record, tasks }: GrowingPlan,
  added: readonly NamedTask[],
): FieldError[] {
  if (tasks.some(({ spec }) => spec.verify !== undefined)) {
    const detail =
      'cannot be added to a plan with `workspace.repair`, whose last task comes after all others'
    return [{ pointer: '/tasks', detail }]
  }
  const most = record.spec.policy.maxTasks ?? limits.maxTasks
  if (tasks.length + added.length <= most) return []
  const detail = `has ${added.length} tasks; the plan has ${tasks.length}, and may have ${most} in all`
  return [{ pointer: '/tasks', detail }]
}

function graphErrors(
  { tasks }: GrowingPlan,
  submitted: readonly SubmittedTask[],
  named: readonly NamedTask[],
): FieldError[] {
  const existing = new Set(tasks.map(({ spec }) => spec.id))
  const errors = named.flatMap(({ id }, index) =>
    existing.has(id)
      ? [{ pointer: `/tasks/${index}/id`, detail: `"${id}" is the id of a task that the plan has` }]
      : [],
  )
  const edges = tasks.reduce((sum, { spec }) => sum + (spec.dependsOn?.length ?? 0), 0)
  const more = submitted.reduce((sum, { dependsOn = [] }) => sum + dependsOn.length, 0)
  if (edges + more > MAX_DEPENDENCIES) {
    const detail = `have ${more} dependencies; the tasks of a plan may have ${MAX_DEPENDENCIES} together, and those it has have ${edges}`
    return [{ pointer: '/tasks', detail }]
  }
  const fresh = named.map(({ id }, index) => ({ id, dependsOn: submitted[index]?.dependsOn }))
  const ids = new Set(named.map(({ id }) => id))
  const others = [...existing].filter((id) => !ids.has(id)).map((id) => ({ id }))
  // The new ones come first, so that pointers match what the caller wrote.
  return [...errors, ...checkTaskGraph([...fresh, ...others], '/tasks')]
}

async function specErrors(
  deps: PrepareAdditionDeps,
  plan: SubmitPlan,
  { tasks }: GrowingPlan,
  specs: readonly TaskSpec[],
): Promise<FieldError[]> {
  const pointerOf = (index: number) => (index < specs.length ? `/tasks/${index}` : '/tasks')
  const all = [...specs, ...tasks.map(({ spec }) => spec)]
  const tooMany = schemaCountErrors(distinctSchemas(all), pointerOf)
  if (tooMany.length > 0) return tooMany
  const errors = await tasksErrors(deps, plan, specs, pointerOf)
  const homeless = specs.flatMap((spec, index) => {
    if (lacksFiles(deps.executors, plan, spec.executor)) {
      const detail = `cannot be \`${spec.executor}\`, which needs files: the plan has no workspace`
      return [{ pointer: `/tasks/${index}/executor`, detail }]
    }
    if (plan.workspace !== undefined || !runsPrograms(spec)) return []
    const detail = 'cannot have `run`, which needs files: the plan has no workspace'
    return [{ pointer: `/tasks/${index}/tools`, detail }]
  })
  // The budget is that of the stored plan: what cannot be paid from it is in the tasks.
  const inTasks = errors.map((error) =>
    error.pointer.startsWith('/tasks') ? error : { ...error, pointer: '/tasks' },
  )
  return [...inTasks, ...homeless]
}

function requireRunning({ tasks }: GrowingPlan, specs: readonly TaskSpec[]): void {
  const statuses = new Map(tasks.map(({ spec, status }) => [spec.id, status]))
  for (const [index, { id, dependsOn = [] }] of specs.entries()) {
    for (const [place, other] of dependsOn.entries()) {
      const status = statuses.get(other)
      if (status === undefined || !isEnded(status) || status === 'succeeded') continue
      throw new ServiceError(
        'task-not-finished',
        `The task ${other} is ${status}, and ${id} would depend on it: retry that one first.`,
        {
          errors: [{ pointer: `/tasks/${index}/dependsOn/${place}`, detail: `is ${status}` }],
        },
      )
    }
  }
}

function growthOf(
  { executors }: Pick<PrepareAdditionDeps, 'executors'>,
  { spec: { mode, units } }: PlanRecord,
  tasks: GrowingPlan['tasks'],
  specs: readonly TaskSpec[],
): Growth {
  const all = [...tasks.map(({ spec }) => spec), ...specs]
  const lanes = specs.map(({ executor }) =>
    laneIn(all.length, executors.get(executor)?.lane ?? 'io'),
  )
  const { from, lanes: before } = units.added ?? { from: tasks.length, lanes: [] }
  return {
    waves: wavesOf(mode, all, new Map(all.map(({ id, waitsFor = [] }) => [id, waitsFor]))),
    added: { from, lanes: [...before, ...lanes] },
  }
}
