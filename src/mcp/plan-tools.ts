import { z } from 'zod'
import {
  isFinished,
  PLAN_STATUSES,
  type Plan,
  type PlanSubmission,
  TuttiError,
} from '../client/index.ts'
import { brief, fitting, itemsFrom, MOST_CHARS } from './excerpt.ts'
import { planInputSchema, planOutlineSchema } from './plan-schema.ts'
import {
  cursor,
  limit,
  maxChars,
  pageOf,
  planId,
  type Service,
  shortPage,
  type Tool,
  taskId,
  tool,
  waitMs,
} from './tool.ts'

const MOST_TASKS = 50
const MOST_PROMPT_CHARS = 120

const launchPlan: Tool = {
  name: 'launch_plan',
  title: 'Launch subagents in parallel',
  description:
    'Launches all tasks of a plan at once, each as a subagent in the background, and answers with the plan at once. Give exactly one of `tasks` (you write them), `pattern` (one task per directory or perspective) or `goal` (a planner writes them). Tasks should be independent: none needs the output of another, and no two write the same files. Then read outputs with task_output and the merged result with get_synthesis.',
  effect: 'adds',
  inputSchema: planInputSchema(),
  async call({ tutti, url }, args, signal) {
    const plan = await tutti.plans.submit(args as PlanSubmission, { signal })
    const { items } = await tutti.tasks.page(plan.id, { limit: MOST_TASKS, signal })
    const tasks = fitting(
      items.map(({ id, description, wave }) => ({ id, description, wave })),
      MOST_CHARS / 2,
    )
    const hidden = plan.counts.total - tasks.length
    return {
      planId: plan.id,
      title: plan.title,
      status: plan.status,
      dashboard: pageOf(url, plan.id),
      taskCount: plan.counts.total,
      tasks,
      ...(hidden > 0 ? { more: `${hidden} more tasks; list_tasks shows all` } : {}),
      next: 'The tasks run in the background. task_output waits for one of them, get_synthesis for all of them.',
    }
  },
}

const validatePlan: Tool = {
  name: 'validate_plan',
  title: 'Check a plan before launch',
  description:
    'Checks a plan without launching it: the tasks as they would run, waves, tasks that overlap in their files, warnings, advice, and an estimate of tokens and cost. Takes what launch_plan takes.',
  effect: 'reads',
  inputSchema: planOutlineSchema(),
  async call({ tutti }, args, signal) {
    const dryRun = await tutti.plans.submit(args as PlanSubmission, { dryRun: true, signal })
    const whole = {
      tasks: dryRun.tasks.map(({ prompt, ...task }) => ({
        ...task,
        prompt: brief(prompt, MOST_PROMPT_CHARS),
      })),
      waves: dryRun.waves,
      overlaps: dryRun.overlaps,
      warnings: dryRun.warnings,
      advice: dryRun.advice,
    }
    const shown = Object.entries(whole).map(
      ([name, items]) => [name, fitting<unknown>(items, CHECK_CHARS[name as Checked])] as const,
    )
    const cut = shown.filter(([name, items]) => items.length < whole[name as Checked].length)
    return {
      valid: true,
      taskCount: dryRun.tasks.length,
      ...Object.fromEntries(shown),
      estimate: dryRun.estimate,
      ...(cut.length === 0
        ? {}
        : {
            more: cut
              .map(([name, items]) => `${items.length} of ${whole[name as Checked].length} ${name}`)
              .join(', '),
          }),
    }
  },
}

type Checked = 'tasks' | 'waves' | 'overlaps' | 'warnings' | 'advice'

/** The most important parts of a check get the most space. */
const CHECK_CHARS: Record<Checked, number> = {
  tasks: 1_200,
  waves: 400,
  overlaps: 500,
  warnings: 600,
  advice: 500,
}

const planStatus = tool(
  {
    name: 'plan_status',
    title: 'Check the progress of a plan',
    description:
      'Status, tasks by status, usage and times of a plan; can wait until it has finished.',
    effect: 'reads',
  },
  z.strictObject({ planId, waitMs: waitMs.default(0) }),
  async ({ tutti, url }, args, signal) =>
    planOf(await waitFor(tutti, args.planId, args.waitMs, signal), url),
)

const listPlans = tool(
  { name: 'list_plans', title: 'List plans', description: 'Plans, newest first.', effect: 'reads' },
  z.strictObject({
    status: z.enum(PLAN_STATUSES).optional().describe('Only these.'),
    search: z
      .string()
      .min(1)
      .optional()
      .describe('Only those with these words in title, id or metadata.'),
    limit,
    cursor,
  }),
  async ({ tutti, url }, { status, search, limit: most, cursor: after }, signal) => {
    const { shown, nextCursor } = await shortPage(
      (count) => tutti.plans.page({ status, search, limit: count, cursor: after, signal }),
      (plan) => planOf(plan, url),
      most,
    )
    return { plans: shown, nextCursor }
  },
)

const cancelPlan = tool(
  {
    name: 'cancel_plan',
    title: 'Cancel a plan or a task',
    description: 'Stops a plan, or one of its tasks if taskId is given. Finished outputs are kept.',
    effect: 'stops',
  },
  z.strictObject({ planId, taskId: taskId.optional() }),
  async ({ tutti, url }, { planId: plan, taskId: task }, signal) => {
    if (task === undefined) return planOf(await tutti.plans.cancel(plan, { signal }), url)
    const { id, status } = await tutti.tasks.cancel(plan, task, { signal })
    return { planId: plan, taskId: id, status }
  },
)

const todos = tool(
  {
    name: 'todos',
    title: 'Show a plan as a todo list',
    description:
      'One todo per task and a last one for the synthesis: pending, in_progress or completed. Several are in progress at once.',
    effect: 'reads',
  },
  z.strictObject({
    planId,
    offset: z.int().min(0).default(0).describe('Number of todos to skip.'),
    maxChars,
  }),
  async ({ tutti }, args, signal) => {
    const list = await tutti.plans.todos(args.planId, { signal })
    const { shown, more } = itemsFrom(list.todos, args.offset, args.maxChars)
    return { todos: shown, ...(more === undefined ? {} : { more }) }
  },
)

export const PLAN_TOOLS: Tool[] = [
  launchPlan,
  validatePlan,
  planStatus,
  listPlans,
  cancelPlan,
  todos,
]

/** The plan once it has finished or the time is up. */
async function waitFor(
  tutti: Service['tutti'],
  id: string,
  ms: number,
  signal: AbortSignal,
): Promise<Plan> {
  if (ms > 0) {
    try {
      return await tutti.plans.wait(id, { waitMs: ms, signal })
    } catch (error) {
      if (!(error instanceof TuttiError) || error.code !== 'timeout') throw error
    }
  }
  return tutti.plans.get(id, { signal })
}

function planOf(plan: Plan, url: string): Record<string, unknown> {
  const { id, title, status, counts, stopped, reason, usage } = plan
  return {
    planId: id,
    title: brief(title, MOST_PROMPT_CHARS),
    dashboard: pageOf(url, id),
    status,
    finished: isFinished(status),
    counts: Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(stopped === undefined || reason !== undefined ? {} : { stopped }),
    ...(reason === undefined ? {} : { reason }),
    synthesisVersion: plan.synthesis.version,
    tokens: usage.inputTokens + usage.outputTokens,
    costUsd: usage.costUsd,
    createdAt: plan.createdAt,
    startedAt: plan.startedAt,
    finishedAt: plan.finishedAt,
  }
}
