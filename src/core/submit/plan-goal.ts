import { type Allowance, BUDGET_EXHAUSTED } from '../budget/allowance.ts'
import { soleAllowance } from '../budget/allowances.ts'
import { PermanentError, ServiceError, TransientError } from '../contract/errors.ts'
import type { SubmitPlan } from '../contract/submission.ts'
import type { SubmittedTask } from '../contract/task-spec.ts'
import { type Usage, type UsageTally, usageTally } from '../contract/usage.ts'
import type { GoalPlanner } from '../ports/models.ts'
import type { Workspaces } from '../ports/workspaces.ts'

export interface PlanGoalDeps {
  planner: GoalPlanner
  workspaces: Pick<Workspaces, 'listFiles'>
  /** Applies the defaults of a submission to tasks, and reports their errors. */
  parseTasks: (tasks: unknown) => SubmittedTask[]
}

/** How many plans the planner may write; an unusable one goes back with the reasons. */
const TRIES = 2
const TIMEOUT_MS = 5 * 60_000

/** How many file names a planner is shown. */
const MOST_FILES = 500

/**
 * Has a model plan the tasks for a goal and checks whether they are usable; if not, it tries again
 * with the reasons. `use` does what a submission of these tasks would go through.
 *
 * @throws {ServiceError} goal-not-planned, with the problems of the last plan.
 */
export async function planGoal<Prepared>(
  deps: PlanGoalDeps,
  plan: SubmitPlan & { goal: string },
  use: (tasks: SubmittedTask[], last: boolean) => Promise<Prepared>,
): Promise<{ prepared: Prepared; usage: Usage }> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const files = await filesOf(deps, plan, signal)
  const usage = usageTally()
  const { budgetUsd } = plan.policy
  const allowance =
    budgetUsd === undefined ? undefined : soleAllowance(budgetUsd, () => usage.total().costUsd)
  let refusal: ServiceError | undefined
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const problems = refusal === undefined ? [] : reasonsOf(refusal)
    const question = { goal: plan.goal, context: plan.context ?? '', files, problems }
    const written = await ask(deps.planner, question, { usage, allowance, signal })
    try {
      const prepared = await use(deps.parseTasks(written.tasks), attempt === TRIES)
      return { prepared, usage: usage.total() }
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      refusal = error
    }
  }
  throw new ServiceError(
    'goal-not-planned',
    `The planner did not write a usable plan: ${refusal?.message ?? ''}`,
    { errors: refusal?.errors ?? [], extensions: refusal?.extensions ?? {} },
  )
}

async function ask(
  planner: GoalPlanner,
  question: Parameters<GoalPlanner>[0],
  means: { usage: UsageTally; allowance: Allowance | undefined; signal: AbortSignal },
): ReturnType<GoalPlanner> {
  let last: unknown
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      const { usage, ...rest } = means
      return await planner(question, { ...rest, onUsage: usage.meter() })
    } catch (error) {
      last = error
      if (!(error instanceof TransientError)) break
    }
  }
  if (last instanceof PermanentError && last.code === BUDGET_EXHAUSTED) {
    throw new ServiceError(
      'goal-not-planned',
      `No plan was written for the goal. ${last.message}`,
      {
        errors: [{ pointer: '/policy/budgetUsd', detail: 'does not cover planning the goal' }],
      },
    )
  }
  const reason =
    last instanceof TransientError || last instanceof PermanentError
      ? last.message
      : 'The model could not be asked.'
  throw new ServiceError('goal-not-planned', `No plan was written for the goal. ${reason}`, {
    cause: last,
  })
}

async function filesOf(
  deps: PlanGoalDeps,
  { workspace }: SubmitPlan,
  signal: AbortSignal,
): Promise<string[]> {
  if (workspace === undefined) return []
  if ('files' in workspace) return Object.keys(workspace.files).slice(0, MOST_FILES)
  const listing = await deps.workspaces.listFiles(workspace, signal)
  return listing.status === 'listed' ? listing.files.slice(0, MOST_FILES) : []
}

function reasonsOf({ message, errors, extensions }: ServiceError): string[] {
  const { overlaps } = extensions
  const collisions = Array.isArray(overlaps)
    ? overlaps
        .slice(0, 20)
        .map(
          ({ tasks, files }: { tasks: string[]; files: string[] }) =>
            `${tasks.join(' and ')} would both work on ${files.slice(0, 5).join(', ')}`,
        )
    : []
  const fields = errors.slice(0, 20).map(({ pointer, detail }) => `${pointer} ${detail}`)
  const all = [...fields, ...collisions]
  return all.length > 0 ? all : [message]
}
