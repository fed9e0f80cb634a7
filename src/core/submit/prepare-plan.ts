import { stringify } from 'safe-stable-stringify'
import { layoutUnits } from '../batch/units.ts'
import type { FieldError } from '../contract/errors.ts'
import { check, distinct, invalid, jsonPointer } from '../contract/field-errors.ts'
import type { Limits } from '../contract/limits.ts'
import { type SubmitPlan, submitPlanSchema } from '../contract/submission.ts'
import type { SubmittedTask, TaskSpec } from '../contract/task-spec.ts'
import { NO_USAGE, type Usage } from '../contract/usage.ts'
import type { GoalPlanner } from '../ports/models.ts'
import type { Programs } from '../ports/programs.ts'
import type { UnitLayout } from '../ports/records.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import { type PricingDeps, planPriceErrors } from '../preflight/check-budget.ts'
import type { PlanCheck } from '../preflight/check-plan.ts'
import { shorten } from '../text/shorten.ts'
import { distinctSchemas, schemaCountErrors } from './check-schemas.ts'
import { overlapping, taskSpec, tasksErrors } from './check-tasks.ts'
import { expandTasks } from './expand-pattern.ts'
import { lacksFiles, missingFiles } from './missing-files.ts'
import { planGoal } from './plan-goal.ts'
import { nothingToVerify, repairTask, verifyEditsErrors } from './repair-task.ts'

export interface PrepareDeps extends PricingDeps {
  limits: Limits
  defaultExecutor: string
  /** Whether a model is available for writing syntheses. */
  modelAvailable: boolean
  workspaces: Pick<Workspaces, 'check' | 'listFiles'>
  /** The reason why a JSON Schema cannot be used; undefined if it can. */
  schemaProblem: (schema: Record<string, unknown>) => Promise<string | undefined>
  checkPlan: CheckPlan
  /** Whether webhooks can be signed. */
  webhooksAvailable: boolean
  /** Plans the tasks of a plan that only has a goal. */
  planner: GoalPlanner | undefined
  /** What may verify merged edits. */
  programs?: Programs | undefined
}

/** What can be known about a plan before it runs; see `checkPlan`. */
export type CheckPlan = (
  plan: SubmitPlan,
  tasks: readonly TaskSpec[],
  options: { advised: boolean },
) => Promise<PlanCheck>

/** A submission that has been found valid. */
export interface PreparedPlan extends Omit<PlanCheck, 'serialized'> {
  plan: SubmitPlan
  title: string
  tasks: TaskSpec[]
  /** What planning the goal has used. */
  usage: Usage
  units: UnitLayout
  files: Record<string, string> | undefined
}

const schemas = new WeakMap<Limits, ReturnType<typeof submitPlanSchema>>()

/**
 * Checks a parsed body. `canonical` is a text that is equal for equal submissions, in whatever
 * order a client writes its keys.
 *
 * @throws {ServiceError} invalid-request, with a JSON Pointer to each wrong field.
 */
export function parseSubmission(
  limits: Limits,
  value: unknown,
): { plan: SubmitPlan; canonical: string } {
  const schema = schemas.get(limits) ?? submitPlanSchema(limits)
  schemas.set(limits, schema)
  const { data, problems } = check(schema, value)
  if (problems !== undefined) {
    throw invalid(
      problems.map(({ path, message }) => ({ pointer: jsonPointer(path), detail: message })),
    )
  }
  return { plan: data, canonical: stringify(value) ?? '' }
}

/** Finds all errors that can be found before anything is stored. */
export async function preparePlan(
  deps: PrepareDeps,
  plan: SubmitPlan,
  options: { dryRun: boolean } = { dryRun: false },
): Promise<PreparedPlan> {
  const errors = await planErrors(deps, plan)
  const { goal } = plan
  if (goal === undefined) {
    return prepareTasks(deps, plan, errors, { advised: options.dryRun, refuses: !options.dryRun })
  }
  const { planner } = deps
  if (planner === undefined) {
    const detail =
      'needs a model, and none is configured: set TUTTI_MODEL, or give `tasks` or a `pattern` instead'
    errors.push({ pointer: '/goal', detail })
  }
  if (planner === undefined || errors.length > 0) throw invalid(errors)
  const parseTasks = (tasks: unknown): SubmittedTask[] =>
    parseSubmission(deps.limits, { tasks }).plan.tasks ?? []
  const planned = await planGoal(
    { ...deps, planner, parseTasks },
    { ...plan, goal },
    (tasks, last) =>
      prepareTasks(deps, { ...plan, tasks }, [], {
        advised: options.dryRun,
        // An overlapping plan goes back to the planner; a dry run shows the last one as it is.
        refuses: !(options.dryRun && last),
      }),
  )
  return { ...planned.prepared, usage: planned.usage }
}

/** The errors of a plan outside its tasks. */
async function planErrors(deps: PrepareDeps, plan: SubmitPlan): Promise<FieldError[]> {
  const errors = await synthesisErrors(deps, plan.synthesis)
  if (plan.webhook !== undefined && !deps.webhooksAvailable) {
    errors.push({
      pointer: '/webhook',
      detail:
        'cannot be used here: the operator has to set TUTTI_WEBHOOK_SECRET, which signs deliveries',
    })
  }
  errors.push(...verifyErrors(deps, plan), ...ceilingErrors(deps, plan))
  errors.push(...verifyEditsErrors(deps.programs, plan))
  // Without a model there is nothing to pay for, because the merge writes the synthesis.
  if (deps.modelAvailable) errors.push(...planPriceErrors(deps, plan))
  if (plan.workspace !== undefined) errors.push(...(await deps.workspaces.check(plan.workspace)))
  // Checked before a planner is paid: the tasks it plans run with the default executor.
  if (plan.goal !== undefined && lacksFiles(deps.executors, plan, deps.defaultExecutor)) {
    const detail = `the default executor \`${deps.defaultExecutor}\` needs files: give \`workspace\``
    errors.push({ pointer: '/workspace', detail })
  }
  return errors
}

async function prepareTasks(
  deps: PrepareDeps,
  plan: SubmitPlan,
  found: FieldError[],
  { advised, refuses }: { advised: boolean; refuses: boolean },
): Promise<PreparedPlan> {
  const expanded = expandTasks(plan, deps.limits)
  const errors = [...found, ...expanded.errors]
  if (expanded.tasks.length > deps.limits.maxTasks) {
    errors.push({
      pointer: plan.pattern === undefined ? '/tasks' : '/pattern',
      detail: `has ${expanded.tasks.length} tasks; at most ${deps.limits.maxTasks} are allowed`,
    })
    throw invalid(errors)
  }
  const { maxTasks = deps.limits.maxTasks } = plan.policy
  if (expanded.tasks.length > maxTasks) {
    const detail = `is less than the ${expanded.tasks.length} tasks that the plan has from the start`
    errors.push({ pointer: '/policy/maxTasks', detail })
  }
  const tasks = expanded.tasks.map((task) => taskSpec(deps, plan, task))
  const pointerOf = (index: number) =>
    plan.pattern === undefined ? `/tasks/${index}` : '/pattern/task'
  const schemas = distinctSchemas(tasks)
  const tooMany = schemaCountErrors(schemas, pointerOf)
  if (tooMany.length > 0) throw invalid(distinct([...errors, ...tooMany]))
  for (const error of await tasksErrors(deps, plan, tasks, pointerOf)) errors.push(error)
  errors.push(...missingFiles(deps.executors, plan, tasks, pointerOf))
  errors.push(...nothingToVerify(plan, tasks))
  if (errors.length > 0) throw invalid(distinct(errors))

  const { serialized, ...checked } = await deps.checkPlan(plan, tasks, { advised })
  if (checked.overlaps.length > 0 && plan.policy.onOverlap === 'reject' && refuses) {
    throw overlapping(checked.overlaps)
  }
  for (const task of tasks) {
    const extra = serialized.get(task.id)
    if (extra !== undefined && extra.length > 0) {
      task.waitsFor = [...new Set([...(task.waitsFor ?? []), ...extra])]
    }
  }
  // Added last, because it runs after all others and so cannot overlap with them.
  const repair = repairTask(plan, tasks)
  if (repair !== undefined) {
    tasks.push(repair)
    checked.waves.push([repair.id])
  }
  return {
    plan,
    title: plan.title ?? titleOf(plan, tasks),
    tasks,
    usage: NO_USAGE,
    ...checked,
    units: layoutUnits(tasks, {
      ordered: tasks.some((task) => (task.waitsFor?.length ?? 0) > 0),
      maxConcurrency: plan.mode === 'sequential' ? 1 : plan.policy.maxConcurrency,
      laneOf: (task) => deps.executors.get(task.executor)?.lane ?? 'io',
      relaxed: plan.policy.urgency === 'relaxed',
      plainSynthesis: isPlainSynthesis(deps, plan),
    }),
    files:
      plan.workspace !== undefined && 'files' in plan.workspace ? plan.workspace.files : undefined,
  }
}

/** Whether the synthesis needs no model, no files and no preliminary versions. */
function isPlainSynthesis(
  { modelAvailable }: PrepareDeps,
  { synthesis, workspace, policy }: SubmitPlan,
): boolean {
  if (workspace !== undefined || policy.verify !== undefined) return false
  if (synthesis === false) return true
  if (synthesis.compareWith !== undefined) return false
  return synthesis.every === undefined && (!modelAvailable || synthesis.executor === 'merge')
}

export async function synthesisErrors(
  deps: Pick<PrepareDeps, 'modelAvailable' | 'schemaProblem'>,
  synthesis: SubmitPlan['synthesis'],
  pointer = '/synthesis',
): Promise<FieldError[]> {
  if (synthesis === false) return []
  const errors: FieldError[] = []
  const needsModel = synthesis.executor === 'model' || synthesis.model !== undefined
  if (needsModel && !deps.modelAvailable) {
    errors.push({
      pointer: `${pointer}/${synthesis.executor === 'model' ? 'executor' : 'model'}`,
      detail:
        'needs a model, and none is configured: set TUTTI_MODEL, or leave it out for the deterministic merge',
    })
  }
  if (synthesis.outputSchema !== undefined) {
    const problem = await deps.schemaProblem(synthesis.outputSchema)
    if (problem !== undefined) {
      errors.push({
        pointer: `${pointer}/outputSchema`,
        detail: `is not a valid JSON Schema: it ${problem}`,
      })
    } else if (!deps.modelAvailable || synthesis.executor === 'merge') {
      errors.push({
        pointer: `${pointer}/outputSchema`,
        detail: 'needs a model: the deterministic merge has a fixed form',
      })
    }
  }
  return errors
}

function verifyErrors(
  { modelAvailable }: Pick<PrepareDeps, 'modelAvailable'>,
  { policy, synthesis }: SubmitPlan,
): FieldError[] {
  if (policy.verify === undefined) return []
  const pointer = '/policy/verify'
  if (synthesis === false) {
    return [{ pointer, detail: 'judges findings of the synthesis, and `synthesis` is false' }]
  }
  if (modelAvailable) return []
  return [
    {
      pointer,
      detail: 'needs a model to judge the findings, and none is configured: set TUTTI_MODEL',
    },
  ]
}

function ceilingErrors({ limits }: Pick<PrepareDeps, 'limits'>, { policy }: SubmitPlan) {
  const { maxTasks } = policy
  if (maxTasks === undefined || maxTasks <= limits.maxTasks) return []
  return [{ pointer: '/policy/maxTasks', detail: `must not be more than ${limits.maxTasks}` }]
}

function titleOf(plan: SubmitPlan, tasks: readonly TaskSpec[]): string {
  if (plan.goal !== undefined) return shorten(plan.goal, 300, '…')
  const [first] = tasks
  if (tasks.length === 1 && first !== undefined) return first.description
  const some = tasks.slice(0, 3).map((task) => task.description)
  const title = `${tasks.length} tasks: ${some.join(', ')}${tasks.length > 3 ? ' …' : ''}`
  return shorten(title, 300, '…')
}
