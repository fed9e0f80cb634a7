import { z } from 'zod'
import { CachedFrom } from './cache.ts'
import { Finding } from './findings.ts'
import { PlanStatus, TASK_STATUSES, TaskStatus } from './status.ts'
import { PlanMode, Policy } from './submission.ts'
import { TaskFiles } from './task-spec.ts'
import { Usage } from './usage.ts'
import { WaitingFor } from './waiting.ts'

// The API's answers. One schema gives the validation of responses, the type and the OpenAPI
// document.

const ANSWERED_BY =
  'The provider:model that answered last: a fallback if the requested model was not available, or one of `escalate` that took over.'

export const Failure = z.object({ code: z.string(), message: z.string() }).meta({ id: 'Failure' })

export const Counts = z
  .object(
    Object.fromEntries(TASK_STATUSES.map((status) => [status, z.int().min(0)])) as Record<
      TaskStatus,
      z.ZodInt
    >,
  )
  .extend({ total: z.int().min(0) })
  .meta({ id: 'Counts' })
export type Counts = z.output<typeof Counts>

export const Overlap = z
  .object({
    /** Two ids, in the order of the plan. */
    tasks: z.array(z.string()).length(2),
    kind: z.enum(['write/write', 'read/write']),
    /** Files if the plan has a workspace, otherwise globs. */
    files: z.array(z.string()),
    /** The total number; `files` lists at most 20. */
    fileCount: z.int().min(1),
  })
  .meta({ id: 'Overlap' })
export type Overlap = z.output<typeof Overlap>

/**
 * A budget and what is left of it, in US dollars. The amount spent is the plan's `usage.costUsd`.
 */
export const Budget = z
  .object({
    limitUsd: z.number().min(0),
    /** Reserved for running calls. */
    reservedUsd: z.number().min(0),
    /** The possible cost of calls that were cut off before reporting it. It counts as spent. */
    unknownUsd: z.number().min(0),
    leftUsd: z.number().min(0),
  })
  .meta({ id: 'Budget' })
export type Budget = z.output<typeof Budget>

export const Plan = z
  .object({
    id: z.string(),
    title: z.string(),
    status: PlanStatus,
    mode: PlanMode,
    counts: Counts,
    /** Ids of the tasks that may run at the same time, wave by wave. Absent in lists. */
    waves: z.array(z.array(z.string())).optional(),
    /**
     * Tasks that touch the same files, at most 500 pairs. Absent in lists and if there are none.
     */
    overlaps: z.array(Overlap).optional(),
    policy: Policy,
    usage: Usage,
    /** Absent for a plan without a budget. */
    budget: Budget.optional(),
    /** Why the plan was stopped before its tasks had ended; absent if it was not. */
    stopped: Failure.optional(),
    reason: Failure.optional().describe(
      'Why a finished plan is not simply `succeeded`: `cancelled`, `aborted`, `plan-timeout`, `budget-exhausted`, `min-success`, `merge-conflict`, `edits-not-merged`, `tasks-not-succeeded` or `synthesis-failed`. The message lists all of them.',
    ),
    synthesis: z.object({
      status: z.enum(['pending', 'running', 'succeeded', 'failed', 'disabled']),
      /** The newest version; 0 if there is none yet. */
      version: z.int().min(0),
    }),
    metadata: z.record(z.string(), z.unknown()),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
    /** When the plan and everything that belongs to it will be deleted. */
    expiresAt: z.iso.datetime().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Plan' })
export type Plan = z.output<typeof Plan>

export const PlanPage = z
  .object({ items: z.array(Plan), nextCursor: z.string().nullable() })
  .meta({ id: 'PlanPage' })
export type PlanPage = z.output<typeof PlanPage>

export const Attempt = z
  .object({
    number: z.int().min(1),
    /**
     * `lost`: its worker died. `interrupted`: its worker was shut down. Neither uses up an attempt.
     */
    outcome: z.enum([
      'running',
      'succeeded',
      'incomplete',
      'failed',
      'timed-out',
      'cancelled',
      'lost',
      'interrupted',
    ]),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    workerId: z.string(),
    usage: Usage,
    answeredBy: z.string().optional().describe(ANSWERED_BY),
    resumedFromStep: z
      .int()
      .min(1)
      .optional()
      .describe('The last step of earlier attempts, if it continued from there.'),
    error: Failure.optional(),
  })
  .meta({ id: 'Attempt' })
export type Attempt = z.output<typeof Attempt>

/** A task without its output, as shown in lists. */
export const TaskSummary = z
  .object({
    id: z.string(),
    description: z.string(),
    status: TaskStatus,
    executor: z.string(),
    model: z.string().optional(),
    dependsOn: z.array(z.string()),
    /** The number of its wave, from 1. */
    wave: z.int().min(1),
    /** Runs so far, including those that do not count towards `maxAttempts`. */
    attemptCount: z.int().min(0),
    maxAttempts: z.int().min(1),
    timings: z.object({
      queuedAt: z.iso.datetime(),
      startedAt: z.iso.datetime().nullable(),
      finishedAt: z.iso.datetime().nullable(),
    }),
    usage: Usage,
    answeredBy: z.string().optional().describe(ANSWERED_BY),
    cachedFrom: CachedFrom.optional(),
    error: Failure.optional(),
    waitingFor: z.array(WaitingFor).optional().describe('What it waits for while it is queued.'),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'TaskSummary' })
export type TaskSummary = z.output<typeof TaskSummary>

export const TaskPage = z
  .object({ items: z.array(TaskSummary), nextCursor: z.string().nullable() })
  .meta({ id: 'TaskPage' })
export type TaskPage = z.output<typeof TaskPage>

export const TaskDetail = TaskSummary.extend({
  attempts: z.array(Attempt),
  timeoutMs: z.int(),
  priority: z.int(),
  files: TaskFiles.optional(),
  /** As sent to the model: the shared context, then the task's own prompt. */
  prompt: z.string(),
}).meta({ id: 'TaskDetail' })
export type TaskDetail = z.output<typeof TaskDetail>

export const Edits = z
  .object({ base: z.string(), patch: z.string(), files: z.array(z.string()) })
  .meta({ id: 'Edits' })

/** A task with its output, in the shape of the TaskOutput tool. */
export const OutputTask = z
  .object({
    id: z.string(),
    status: TaskStatus,
    description: z.string(),
    /** Empty until the task has ended, and for a task that produced nothing. */
    output: z.string(),
    data: z.unknown().optional(),
    findings: z.array(Finding.extend({ id: z.string() })).optional(),
    edits: Edits.optional(),
    /** The model's reasoning between `<think>` and `</think>`, which is not part of the output. */
    reasoning: z.string().optional(),
    stderr: z
      .string()
      .optional()
      .describe(
        'The end of what a command wrote to standard error, at most 64 KiB. Values of its environment are masked.',
      ),
    usage: Usage,
    answeredBy: z.string().optional().describe(ANSWERED_BY),
    error: Failure.optional(),
  })
  .meta({ id: 'OutputTask' })
export type OutputTask = z.output<typeof OutputTask>

export const TaskOutputAnswer = z
  .object({
    /** `timeout`: the wait ended first. `not_ready`: the caller did not wait. */
    retrievalStatus: z.enum(['success', 'timeout', 'not_ready']),
    task: OutputTask,
  })
  .meta({ id: 'TaskOutput' })
export type TaskOutputAnswer = z.output<typeof TaskOutputAnswer>

export const Todos = z
  .object({
    todos: z.array(
      z.object({
        content: z.string(),
        status: z.enum(['pending', 'in_progress', 'completed']),
        activeForm: z.string(),
      }),
    ),
  })
  .meta({ id: 'Todos' })
export type Todos = z.output<typeof Todos>

export const Report = z
  .object({
    wallMs: z
      .number()
      .describe(
        "From the first task's start to the last one's end, or until now, without `idleMs`.",
      ),
    idleMs: z
      .number()
      .describe('Time in between with nothing to run, for example before a retry an hour later.'),
    sumOfTaskMs: z
      .number()
      .describe(
        'The sum of the task times. Those that shared the cores of a machine took longer than they would have alone.',
      ),
    coreWaitMs: z
      .number()
      .describe(
        'How long of `sumOfTaskMs` the tasks kept each other waiting for a core of their machine. Running in parallel saves none of it. 0 where workers do not run on Linux.',
      ),
    speedup: z
      .number()
      .describe(
        'Estimated: `(sumOfTaskMs - coreWaitMs) / wallMs`, how many times as fast the tasks ran as one after another.',
      ),
    effectiveParallelism: z
      .number()
      .describe('`sumOfTaskMs / wallMs`: how many tasks ran at once on average.'),
    /**
     * The duration of the longest chain of dependent tasks: no number of workers makes the plan
     * faster.
     */
    criticalPathMs: z.number(),
    /** From when a task could have run to when it did. */
    queueWaitMs: z.object({ p50: z.number(), p95: z.number(), max: z.number() }),
    stragglers: z.array(
      z.object({ taskId: z.string(), durationMs: z.number(), timesMedian: z.number() }),
    ),
    usage: Usage,
    cost: z.object({
      tasksUsd: z.number().describe('Of the tasks, all their attempts included.'),
      synthesisUsd: z.number().describe('The rest: every synthesis, and the planner of a goal.'),
      estimateUsd: z
        .object({ low: z.number(), high: z.number() })
        .nullable()
        .describe(
          'The estimate of a dry run; `null` if no model would be called or a price is unknown.',
        ),
      topTasks: z
        .array(z.object({ taskId: z.string(), costUsd: z.number() }))
        .describe('The ten dearest, the dearest first.'),
    }),
    /** What limited the parallelism, in words; empty if nothing did. */
    diagnostics: z.array(z.object({ code: z.string(), message: z.string() })),
  })
  .meta({ id: 'Report' })
export type Report = z.output<typeof Report>

export const Advice = z
  .object({ code: z.string(), message: z.string(), tasks: z.array(z.string()) })
  .meta({ id: 'Advice' })
export type Advice = z.output<typeof Advice>

export const Estimate = z
  .object({
    tasks: z.int(),
    tokens: z.object({ low: z.int(), high: z.int() }),
    /** `null` if the price of a model is unknown. */
    costUsd: z.object({ low: z.number(), high: z.number() }).nullable(),
    /**
     * The same with `policy.urgency: "relaxed"`; absent if no call could go out in a batch, `null` if
     * the price of a model is unknown.
     */
    relaxedCostUsd: z.object({ low: z.number(), high: z.number() }).nullable().optional(),
    prices: z.object({ source: z.string(), date: z.string() }).optional(),
    unpricedModels: z.array(z.string()),
    /** The most that `policy.verify` may add for one synthesis, on top of the figures above. */
    verification: z
      .object({
        maxCalls: z.int(),
        /** `null` if the price of its model is unknown. */
        maxCostUsd: z.number().nullable(),
      })
      .optional(),
  })
  .meta({ id: 'Estimate' })
export type Estimate = z.output<typeof Estimate>

export const DryRun = z
  .object({
    tasks: z.array(
      z.object({
        id: z.string(),
        description: z.string(),
        executor: z.string(),
        model: z.string().optional(),
        escalate: z.array(z.string()).optional(),
        dependsOn: z.array(z.string()),
        /** `dependsOn`, plus the tasks that it follows because their files overlap. */
        waitsFor: z.array(z.string()),
        files: TaskFiles.optional(),
        tools: z.array(z.string()).optional(),
        options: z.record(z.string(), z.unknown()).optional(),
        timeoutMs: z.int(),
        attempts: z.int(),
        priority: z.int(),
        prompt: z.string(),
      }),
    ),
    waves: z.array(z.array(z.string())),
    overlaps: z.array(Overlap),
    warnings: z.array(Advice),
    advice: z.array(Advice),
    estimate: Estimate,
  })
  .meta({ id: 'DryRun' })
export type DryRun = z.output<typeof DryRun>
