import { z } from 'zod'
import {
  isFinished,
  type Plan,
  type PlanStatus,
  type PlanSubmission,
  TuttiError,
} from '../client/index.ts'
import { brief, itemsFrom } from './excerpt.ts'
import { planInputSchema, planOutlineSchema } from './plan-schema.ts'
import { cursor, limit, planId, type Tool, tool, waitSeconds } from './tool.ts'

const MOST_TASKS = 50
const MOST_PROMPT_CHARS = 300

const launchPlan: Tool = {
  name: 'launch_plan',
  title: 'Launch subagents in parallel',
  description:
    'Launches all tasks of a plan at once, each as a subagent in the background, and answers with the plan at once. Give exactly one of `tasks` (you write them), `pattern` (one task per directory or perspective) or `goal` (a planner writes them). Tasks should be independent: none needs the output of another, and no two write the same files. Then read outputs with task_output and the merged result with get_synthesis.',
  effect: 'adds',
  inputSchema: planInputSchema(),
  async call(tutti, args, signal) {
    const plan = await tutti.plans.submit(args as PlanSubmission, { signal })
    const { items } = await tutti.tasks.page(plan.id, { limit: MOST_TASKS, signal })
    const tasks = items.map(({ id, description, wave }) => ({ id, description, wave }))
    const hidden = plan.counts.total - tasks.length
    return {
      planId: plan.id,
      title: plan.title,
      status: plan.status,
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
  async call(tutti, args, signal) {
    const dryRun = await tutti.plans.submit(args as PlanSubmission, { dryRun: true, signal })
    const { shown, more } = itemsFrom(dryRun.tasks, 0, MOST_TASKS)
    const overlaps = itemsFrom(dryRun.overlaps, 0, MOST_TASKS)
    return {
      valid: true,
      taskCount: dryRun.tasks.length,
      tasks: shown.map(({ prompt, ...task }) => ({
        ...task,
        prompt: brief(prompt, MOST_PROMPT_CHARS),
      })),
      waves: dryRun.waves.map((wave) => wave.slice(0, MOST_TASKS)),
      overlaps: overlaps.shown,
      warnings: dryRun.warnings.slice(0, MOST_TASKS),
      advice: dryRun.advice.slice(0, MOST_TASKS),
      estimate: dryRun.estimate,
      ...(more === undefined && overlaps.more === undefined
        ? {}
        : {
            more: `the first ${MOST_TASKS} are shown of ${dryRun.tasks.length} tasks and ${dryRun.overlaps.length} overlaps`,
          }),
    }
  },
}

const planStatus = tool(
  {
    name: 'plan_status',
    title: 'See how far a plan is',
    description:
      'Status, tasks by status, usage and times of a plan; can wait until it has finished.',
    effect: 'reads',
  },
  z.object({ plan_id: planId, wait: waitSeconds.default(0) }),
  async (tutti, args, signal) => planOf(await waitFor(tutti, args.plan_id, args.wait, signal)),
)

const STATUSES = [
  'queued',
  'running',
  'synthesizing',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const satisfies readonly PlanStatus[]

const listPlans = tool(
  { name: 'list_plans', title: 'List plans', description: 'Plans, newest first.', effect: 'reads' },
  z.object({
    status: z.enum(STATUSES).optional().describe('Only these.'),
    limit: limit.default(20),
    cursor,
  }),
  async (tutti, { status, limit: most, cursor: after }, signal) => {
    const page = await tutti.plans.page({ status, limit: most, cursor: after, signal })
    return { plans: page.items.map(planOf), nextCursor: page.nextCursor }
  },
)

const cancelPlan = tool(
  {
    name: 'cancel_plan',
    title: 'Cancel a plan or a task',
    description:
      'Stops a plan, or one of its tasks where task_id is given. What is done is kept and stays readable.',
    effect: 'stops',
  },
  z.object({
    plan_id: planId,
    task_id: z.string().min(1).optional().describe('Only this task of the plan.'),
  }),
  async (tutti, { plan_id, task_id }, signal) => {
    if (task_id === undefined) return planOf(await tutti.plans.cancel(plan_id, { signal }))
    const { id, status } = await tutti.tasks.cancel(plan_id, task_id, { signal })
    return { planId: plan_id, taskId: id, status }
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
  z.object({ plan_id: planId, offset: z.int().min(0).default(0).describe('Skips so many todos.') }),
  async (tutti, args, signal) => {
    const list = await tutti.plans.todos(args.plan_id, { signal })
    const { shown, more } = itemsFrom(list.todos, args.offset, 200)
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

/** The plan as it is when it has finished or the time is up. */
async function waitFor(
  tutti: Parameters<Tool['call']>[0],
  id: string,
  seconds: number,
  signal: AbortSignal,
): Promise<Plan> {
  if (seconds > 0) {
    try {
      return await tutti.plans.wait(id, { waitMs: seconds * 1000, signal })
    } catch (error) {
      if (!(error instanceof TuttiError) || error.code !== 'timeout') throw error
    }
  }
  return tutti.plans.get(id, { signal })
}

function planOf(plan: Plan): Record<string, unknown> {
  const { id, title, status, counts, stopped, reason, usage } = plan
  return {
    planId: id,
    title,
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
