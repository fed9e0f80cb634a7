import type { Prices } from '../budget/prices.ts'
import { ServiceError, TransientError } from '../contract/errors.ts'
import type { SubmitPlan } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Advice, Estimate, Overlap } from '../contract/views.ts'
import type { Executor } from '../ports/executor.ts'
import type { Links, Workspaces } from '../ports/workspaces.ts'
import { advise } from './advise.ts'
import { budgetWarnings } from './check-budget.ts'
import { findContention } from './contention.ts'
import { estimate } from './estimate.ts'
import { MAX_OVERLAPS, overlaps } from './overlaps.ts'
import { serialize } from './serialize.ts'
import { topologicalOrder, waves } from './task-order.ts'
import { taskThroughLinks } from './through-links.ts'

export interface CheckPlanDeps {
  workspaces: Pick<Workspaces, 'listFiles'>
  executors: ReadonlyMap<string, Executor>
  prices: Prices
  /** `provider:model` for tasks that name none. */
  defaultModel: string | undefined
}

export interface PlanCheck {
  waves: string[][]
  /**
   * Overlapping tasks. Empty if the plan's tasks run one at a time, because they are then
   * serialized.
   */
  overlaps: Overlap[]
  warnings: Advice[]
  advice: Advice[]
  estimate: Estimate
  /**
   * What each task waits for in addition to `dependsOn`, so that overlapping tasks run one after
   * another.
   */
  serialized: Map<string, string[]>
}

/** Generous, because listing a repository may have to reach another machine. */
const LISTING_TIMEOUT_MS = 60_000

/**
 * What can be known about a plan before it runs: which tasks overlap, in which waves they run, what
 * may be wrong with it, and what it may cost.
 *
 * @throws {ServiceError} invalid-request: the workspace is not available.
 */
export async function checkPlan(
  deps: CheckPlanDeps,
  plan: SubmitPlan,
  tasks: readonly TaskSpec[],
  { advised }: { advised: boolean } = { advised: true },
): Promise<PlanCheck> {
  const { files, links, warnings } = await listFiles(deps, plan, tasks)
  const resolved = links === undefined ? tasks : tasks.map((task) => taskThroughLinks(task, links))
  const contention = findContention(resolved, files)
  const found = overlaps(resolved, files, contention)
  const oneAtATime = plan.mode === 'sequential' || plan.policy.maxConcurrency === 1
  const inOrder = found.length > 0 && (oneAtATime || plan.policy.onOverlap === 'serialize')
  const serialized = inOrder ? serialize(resolved, files, contention) : new Map<string, string[]>()
  const estimated = estimatePlan(deps, plan, tasks)
  return {
    waves: wavesOf(plan.mode, tasks, serialized),
    overlaps: oneAtATime ? [] : found,
    warnings: [
      ...warnings,
      ...overlapWarnings(found, plan, oneAtATime),
      ...budgetWarnings(deps, plan, tasks, estimated),
      ...verifyWarnings(plan),
      ...urgencyWarnings(deps, plan, tasks),
    ],
    // Comparing all texts takes time, and only a dry run reports the result.
    advice: advised ? advise(plan, tasks) : [],
    estimate: estimated,
    serialized,
  }
}

/** The waves of a plan. `serialized` holds what tasks wait for in addition to `dependsOn`. */
export function wavesOf(
  mode: SubmitPlan['mode'],
  tasks: readonly TaskSpec[],
  serialized: ReadonlyMap<string, readonly string[]>,
): string[][] {
  return mode === 'sequential' ? oneByOne(tasks, serialized) : waves(tasks, serialized)
}

function oneByOne(
  tasks: readonly TaskSpec[],
  serialized: ReadonlyMap<string, readonly string[]>,
): string[][] {
  return topologicalOrder(tasks, serialized).map((index) => [tasks[index]?.id ?? ''])
}

/** Lists the files only if a task declares that it writes some: otherwise nothing can overlap. */
async function listFiles(
  { workspaces }: CheckPlanDeps,
  { workspace }: SubmitPlan,
  tasks: readonly TaskSpec[],
): Promise<{ files: string[] | undefined; links?: Links | undefined; warnings: Advice[] }> {
  const writers = tasks.filter(({ files }) => files && !Array.isArray(files) && files.write?.length)
  if (workspace === undefined) {
    const warning = {
      code: 'writes-without-workspace',
      message:
        'These tasks declare files that they write, but the plan has no workspace to write to.',
      tasks: writers.slice(0, 20).map(({ id }) => id),
    }
    return { files: undefined, warnings: writers.length > 0 ? [warning] : [] }
  }
  if ('files' in workspace) return { files: Object.keys(workspace.files), warnings: [] }
  if (writers.length === 0 || tasks.length < 2) return { files: undefined, warnings: [] }
  const unlisted = (code: string, message: string) => ({
    files: undefined,
    warnings: [
      { code, message: `${message} Overlaps were looked for in the globs alone.`, tasks: [] },
    ],
  })
  try {
    const listing = await workspaces.listFiles(workspace, AbortSignal.timeout(LISTING_TIMEOUT_MS))
    if (listing.status === 'refused') {
      throw new ServiceError('invalid-request', 'The workspace cannot be used.', {
        errors: listing.errors,
      })
    }
    const { links } = listing
    if (!listing.truncated) return { files: listing.files, links, warnings: [] }
    return unlisted('files-too-many', 'The workspace has too many files to list.')
  } catch (error) {
    if (!(error instanceof TransientError)) throw error
    return unlisted('files-not-listed', 'The files of the workspace could not be listed just now.')
  }
}

function overlapWarnings(
  found: readonly Overlap[],
  { policy }: SubmitPlan,
  oneAtATime: boolean,
): Advice[] {
  if (found.length === 0) return []
  const tasks = [...new Set(found.flatMap((overlap) => overlap.tasks))].slice(0, 20)
  const pairs = `${found.length < MAX_OVERLAPS ? found.length : `More than ${MAX_OVERLAPS}`} pair${found.length === 1 ? '' : 's'} of tasks`
  if (oneAtATime) {
    return [
      {
        code: 'overlaps-one-at-a-time',
        message: `${pairs} touch the same files; they run one at a time, in plan order.`,
        tasks,
      },
    ]
  }
  switch (policy.onOverlap) {
    case 'reject':
      return [
        {
          code: 'overlaps-rejected',
          message: `${pairs} touch the same files, so the plan is refused. "onOverlap": "serialize" puts them in order, "isolate" gives each its own copy.`,
          tasks,
        },
      ]
    case 'serialize':
      return [
        {
          code: 'overlaps-serialized',
          message: `${pairs} touch the same files; the later ones wait for the earlier ones.`,
          tasks,
        },
      ]
    case 'isolate':
      return [
        {
          code: 'overlaps-isolated',
          message: `${pairs} touch the same files; each task works on its own copy, and edits that conflict are shown at the end.`,
          tasks,
        },
      ]
  }
}

function verifyWarnings({ policy, workspace }: SubmitPlan): Advice[] {
  if (policy.verify === undefined || workspace !== undefined) return []
  return [
    {
      code: 'verify-without-workspace',
      message:
        'Findings are verified against the files of the workspace, and the plan has none: all of them will be `unverified`.',
      tasks: [],
    },
  ]
}

function relaxesOf({ executors }: CheckPlanDeps, plan: SubmitPlan, task: TaskSpec): boolean {
  const hasWorkspace = plan.workspace !== undefined
  return executors.get(task.executor)?.relaxes?.(task, { hasWorkspace }) ?? false
}

/** What keeps a plan that is not urgent from becoming cheaper. */
function urgencyWarnings(
  deps: CheckPlanDeps,
  plan: SubmitPlan,
  tasks: readonly TaskSpec[],
): Advice[] {
  if (plan.policy.urgency !== 'relaxed') return []
  const relaxed = tasks.filter((task) => relaxesOf(deps, plan, task)).map(({ id }) => id)
  if (relaxed.length === 0) {
    const message =
      'No task has calls that could go out in a batch: it would need a model of Anthropic or OpenAI, and no tools.'
    return [{ code: 'nothing-relaxed', message, tasks: [] }]
  }
  const atOnce = plan.mode === 'sequential' ? 1 : plan.policy.maxConcurrency
  if (atOnce === undefined || atOnce >= relaxed.length) return []
  const message = `Only ${atOnce} of its tasks may run at once, so their calls go out in batches of at most ${atOnce}, one batch after another.`
  return [{ code: 'small-batches', message, tasks: relaxed.slice(0, 20) }]
}

function estimatePlan(deps: CheckPlanDeps, plan: SubmitPlan, tasks: readonly TaskSpec[]): Estimate {
  const { synthesis, policy } = plan
  const described = new Map(
    [...deps.executors].map(([name, executor]) => [name, executor.describe().capabilities]),
  )
  const byModel = synthesis !== false && synthesis.executor !== 'merge'
  const hasWorkspace = plan.workspace !== undefined
  const relaxes = (task: TaskSpec) => relaxesOf(deps, plan, task)
  return estimate(tasks, plan.context ?? '', {
    prices: deps.prices,
    defaultModel: deps.defaultModel,
    usesModel: (executor) => described.get(executor)?.usesModel ?? false,
    hasWorkspace,
    relaxes,
    synthesisModel: byModel ? (synthesis.model ?? deps.defaultModel) : undefined,
    verify: policy.verify,
    budgetUsd: policy.budgetUsd,
  })
}
