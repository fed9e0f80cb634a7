import { z } from 'zod'
import {
  type OutputTask,
  type Step,
  TASK_STATUSES,
  type TaskSubmission,
  type TaskSummary,
} from '../client/index.ts'
import { brief, fitting, itemsFrom, textFrom } from './excerpt.ts'
import { cursor, limit, maxChars, planId, shortPage, type Tool, taskId, tool } from './tool.ts'

const MOST_DETAIL_CHARS = 300
const MOST_ERROR_CHARS = 300

const taskOutput = tool(
  {
    name: 'task_output',
    title: 'Retrieve the output of a task',
    description:
      'The output of a task. With block (the default) it waits for the task to end, at most timeoutMs. retrievalStatus is success, timeout or not_ready. A long output comes in parts.',
    effect: 'reads',
  },
  z.strictObject({
    planId,
    taskId,
    block: z.boolean().default(true).describe('Whether to wait for the task to end.'),
    timeoutMs: z.int().min(0).max(600_000).default(30_000).describe('Longest wait.'),
    part: z
      .enum(['output', 'findings', 'patch'])
      .default('output')
      .describe(
        'Its text with a first look at the rest, all its findings, or its edits as a patch.',
      ),
    offset: z.int().min(0).default(0).describe('Where to continue in a part that was cut.'),
    maxChars,
  }),
  async ({ tutti }, args, signal) => {
    const { block, timeoutMs, part, offset, maxChars: most } = args
    const { retrievalStatus, task } = await tutti.tasks.output(args.planId, args.taskId, {
      block,
      timeoutMs,
      signal,
    })
    return { retrievalStatus, task: partOf(task, part, { offset, most }) }
  },
)

const listTasks = tool(
  {
    name: 'list_tasks',
    title: 'List the tasks of a plan',
    description: 'The tasks of a plan with status, wave, attempts, time and error; no outputs.',
    effect: 'reads',
  },
  z.strictObject({
    planId,
    status: z.enum(TASK_STATUSES).optional().describe('Only these.'),
    limit,
    cursor,
  }),
  async ({ tutti }, { planId: plan, status, limit: most, cursor: after }, signal) => {
    const { shown, nextCursor } = await shortPage(
      (count) => tutti.tasks.page(plan, { status, limit: count, cursor: after, signal }),
      summaryOf,
      most,
    )
    return { tasks: shown, nextCursor }
  },
)

const retryTask = tool(
  {
    name: 'retry_task',
    title: 'Run a task again',
    description: 'Runs an ended task again. A new version of the synthesis follows.',
    effect: 'adds',
  },
  z.strictObject({ planId, taskId }),
  async ({ tutti }, { planId: plan, taskId: task }, signal) => {
    const { id, status } = await tutti.tasks.retry(plan, task, { signal })
    return { planId: plan, taskId: id, status }
  },
)

const addTasks = tool(
  {
    name: 'add_tasks',
    title: 'Add tasks to a plan',
    description:
      'Adds tasks to a plan that runs or has finished, all or none. They may depend on its tasks and on each other. A new version of the synthesis follows.',
    effect: 'adds',
  },
  z.strictObject({
    planId,
    tasks: z
      .array(z.record(z.string(), z.unknown()))
      .min(1)
      .describe('As the tasks of launch_plan.'),
    idempotencyKey: z
      .string()
      .optional()
      .describe('Repeating it with the same tasks adds them once.'),
  }),
  async ({ tutti }, { planId: plan, tasks, idempotencyKey }, signal) => {
    const { counts, status } = await tutti.plans.add(plan, tasks as TaskSubmission[], {
      idempotencyKey,
      signal,
    })
    return { planId: plan, status, counts }
  },
)

const taskSteps = tool(
  {
    name: 'task_steps',
    title: 'Read what the agent of a task did',
    description:
      'What an agent has said and which tools it called, step by step, in short. With step, one of them in full.',
    effect: 'reads',
  },
  z.strictObject({
    planId,
    taskId,
    step: z.int().min(1).optional().describe('Its number.'),
    offset: z.int().min(0).default(0).describe('Where to continue in a step that was cut.'),
    limit,
    cursor,
    maxChars,
  }),
  async ({ tutti }, args, signal) => {
    const { planId: plan, taskId: task, step, maxChars: most } = args
    if (step !== undefined) {
      const whole = JSON.stringify(await tutti.tasks.step(plan, task, step, { signal }))
      const { shown, more } = textFrom(whole, args.offset, most)
      return { step: shown, ...(more === undefined ? {} : { more }) }
    }
    const { shown, nextCursor } = await shortPage(
      (count) => tutti.tasks.stepsPage(plan, task, { limit: count, cursor: args.cursor, signal }),
      stepOf,
      args.limit,
    )
    return { steps: shown, nextCursor }
  },
)

const messageTask = tool(
  {
    name: 'message_task',
    title: 'Say something to the agent of a task',
    description: 'A running agent reads it before its next step: a hint, or a correction.',
    effect: 'adds',
  },
  z.strictObject({ planId, taskId, text: z.string().min(1).max(32_000) }),
  async ({ tutti }, { planId: plan, taskId: task, text }, signal) => {
    const { id } = await tutti.tasks.message(plan, task, text, { signal })
    return { planId: plan, taskId: task, messageId: id }
  },
)

export const TASK_TOOLS: Tool[] = [
  taskOutput,
  listTasks,
  taskSteps,
  messageTask,
  addTasks,
  retryTask,
]

const BRIEF_CHARS = 200

function stepOf({ number, attempt, kind, text, toolCalls }: Step): Record<string, unknown> {
  const calls = toolCalls.map(({ name, arguments: given, result, isError }) => ({
    name,
    arguments: brief(JSON.stringify(given), BRIEF_CHARS),
    result: brief(typeof result === 'string' ? result : JSON.stringify(result), BRIEF_CHARS),
    ...(isError ? { isError } : {}),
  }))
  return {
    number,
    ...(attempt > 1 ? { attempt } : {}),
    ...(kind === 'message' ? { by: 'a person' } : {}),
    ...(text === '' ? {} : { text: brief(text, 2 * BRIEF_CHARS) }),
    ...(calls.length === 0 ? {} : { calls }),
  }
}

/** Where a piece starts, and its size. */
interface Piece {
  offset: number
  most: number
}

function partOf(
  task: OutputTask,
  part: 'output' | 'findings' | 'patch',
  { offset, most }: Piece,
): Record<string, unknown> {
  const { id, status, description, output, findings = [], edits, usage, error } = task
  const base = { id, status, description, ...(error === undefined ? {} : { error }) }
  switch (part) {
    case 'findings': {
      const { shown, more } = itemsFrom(findings, offset, most)
      return { ...base, findings: shown, ...(more === undefined ? {} : { more }) }
    }
    case 'patch': {
      const { shown, more } = textFrom(edits?.patch ?? '', offset, most)
      return { ...base, patch: shown, ...(more === undefined ? {} : { more }) }
    }
    case 'output': {
      // Only with the first piece of a long output; each gets a share of the space if it needs it.
      const rest =
        offset > 0 ? {} : { ...findingsOf(findings, most / 3), ...editsOf(edits, most / 8) }
      const room = Math.max(MOST_DETAIL_CHARS, Math.floor(most - JSON.stringify(rest).length))
      const { shown, more } = textFrom(output, offset, room)
      return {
        ...base,
        output: shown,
        ...(more === undefined ? {} : { more }),
        ...rest,
        tokens: usage.inputTokens + usage.outputTokens,
        costUsd: usage.costUsd,
      }
    }
  }
}

function findingsOf(
  findings: NonNullable<OutputTask['findings']>,
  most: number,
): Record<string, unknown> {
  if (findings.length === 0) return {}
  const all = findings.map(({ evidence: _evidence, detail, ...finding }) => ({
    ...finding,
    detail: brief(detail, MOST_DETAIL_CHARS),
  }))
  const shown = fitting(all, most)
  const hidden = findings.length - shown.length
  return {
    findings: shown,
    ...(hidden > 0
      ? { moreFindings: `${hidden} more; part "findings" has all, with evidence` }
      : {}),
  }
}

function editsOf(edits: OutputTask['edits'], most: number): Record<string, unknown> {
  if (edits === undefined) return {}
  const { shown, more } = itemsFrom(edits.files, 0, most)
  const rest = more === undefined ? '' : ` (${edits.files.length} in all)`
  return { editedFiles: shown, edits: `part "patch" has the changes${rest}` }
}

function summaryOf(task: TaskSummary): Record<string, unknown> {
  const { id, description, status, wave, attemptCount, maxAttempts, executor, model, error } = task
  const { startedAt, finishedAt } = task.timings
  return {
    id,
    description,
    status,
    wave,
    attempts: `${attemptCount} of ${maxAttempts}`,
    executor: model === undefined ? executor : `${executor} (${model})`,
    ...(startedAt !== null && finishedAt !== null
      ? { durationMs: Date.parse(finishedAt) - Date.parse(startedAt) }
      : {}),
    ...(error === undefined
      ? {}
      : { error: { code: error.code, message: brief(error.message, MOST_ERROR_CHARS) } }),
  }
}
