import { z } from 'zod'
import type { OutputTask, TaskStatus, TaskSummary } from '../client/index.ts'
import { brief, itemsFrom, textFrom } from './excerpt.ts'
import { cursor, limit, planId, type Tool, taskId, tool } from './tool.ts'

/** About 5,000 tokens: a result, not a transcript. */
const MOST_OUTPUT_CHARS = 20_000
const MOST_FINDINGS = 30
const MOST_FILES = 50
const MOST_DETAIL_CHARS = 600

const taskOutput = tool(
  {
    name: 'task_output',
    title: 'Retrieve the output of a task',
    description:
      'The output of a task. With block (the default) it waits for the task to end, at most timeout milliseconds. retrievalStatus is success, timeout or not_ready. A long output comes in parts.',
    effect: 'reads',
  },
  z.object({
    plan_id: planId,
    task_id: taskId,
    block: z.boolean().default(true).describe('Whether to wait for the task to end.'),
    timeout: z.int().min(0).max(600_000).default(30_000).describe('Longest wait in milliseconds.'),
    part: z
      .enum(['output', 'findings', 'patch'])
      .default('output')
      .describe(
        'Its text with a first look at the rest, all its findings, or its edits as a patch.',
      ),
    offset: z.int().min(0).default(0).describe('Where to go on in a part that was cut.'),
  }),
  async (tutti, { plan_id, task_id, block, timeout, part, offset }, signal) => {
    const { retrievalStatus, task } = await tutti.tasks.output(plan_id, task_id, {
      block,
      timeoutMs: timeout,
      signal,
    })
    return { retrievalStatus, task: partOf(task, part, offset) }
  },
)

const STATUSES = [
  'queued',
  'running',
  'succeeded',
  'incomplete',
  'failed',
  'cancelled',
  'skipped',
] as const satisfies readonly TaskStatus[]

const listTasks = tool(
  {
    name: 'list_tasks',
    title: 'List the tasks of a plan',
    description: 'The tasks of a plan with status, wave, attempts, time and error; no outputs.',
    effect: 'reads',
  },
  z.object({
    plan_id: planId,
    status: z.enum(STATUSES).optional().describe('Only these.'),
    limit,
    cursor,
  }),
  async (tutti, { plan_id, status, limit: most, cursor: after }, signal) => {
    const page = await tutti.tasks.page(plan_id, { status, limit: most, cursor: after, signal })
    return { tasks: page.items.map(summaryOf), nextCursor: page.nextCursor }
  },
)

const retryTask = tool(
  {
    name: 'retry_task',
    title: 'Run a task again',
    description: 'Runs an ended task again. A new version of the synthesis follows.',
    effect: 'adds',
  },
  z.object({ plan_id: planId, task_id: taskId }),
  async (tutti, { plan_id, task_id }, signal) => {
    const { id, status } = await tutti.tasks.retry(plan_id, task_id, { signal })
    return { planId: plan_id, taskId: id, status }
  },
)

export const TASK_TOOLS: Tool[] = [taskOutput, listTasks, retryTask]

function partOf(
  task: OutputTask,
  part: 'output' | 'findings' | 'patch',
  offset: number,
): Record<string, unknown> {
  const { id, status, description, output, findings = [], edits, usage, error } = task
  const base = { id, status, description, ...(error === undefined ? {} : { error }) }
  switch (part) {
    case 'findings': {
      const { shown, more } = itemsFrom(findings, offset, MOST_FINDINGS)
      return { ...base, findings: shown, ...(more === undefined ? {} : { more }) }
    }
    case 'patch': {
      const { shown, more } = textFrom(edits?.patch ?? '', offset, MOST_OUTPUT_CHARS)
      return { ...base, patch: shown, ...(more === undefined ? {} : { more }) }
    }
    case 'output': {
      const { shown, more } = textFrom(output, offset, MOST_OUTPUT_CHARS)
      // Only with the first part of a long output.
      const rest = offset > 0 ? {} : { ...findingsOf(findings), ...editsOf(edits) }
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

function findingsOf(findings: NonNullable<OutputTask['findings']>): Record<string, unknown> {
  if (findings.length === 0) return {}
  const shown = findings
    .slice(0, MOST_FINDINGS)
    .map(({ evidence: _evidence, detail, ...finding }) => ({
      ...finding,
      detail: brief(detail, MOST_DETAIL_CHARS),
    }))
  const hidden = findings.length - shown.length
  return {
    findings: shown,
    ...(hidden > 0
      ? { moreFindings: `${hidden} more; part "findings" has all, with evidence` }
      : {}),
  }
}

function editsOf(edits: OutputTask['edits']): Record<string, unknown> {
  if (edits === undefined) return {}
  const { shown, more } = itemsFrom(edits.files, 0, MOST_FILES)
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
    ...(error === undefined ? {} : { error }),
  }
}
