import { z } from 'zod'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'

/** `provider:model`, as in `anthropic:claude-sonnet-4-5` or `local:qwen3:8b`. */
export const ModelName = z
  .string()
  .max(200)
  .regex(/^[a-z][a-z0-9-]*:\S+$/, 'must look like provider:model')

/** A slug, because it becomes part of paths, of finding ids (`security/2`) and of event names. */
export const TaskId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'must be a slug: letters, digits, "-" and "_", at most 64',
  )

const Glob = z
  .string()
  .min(1)
  .max(1_000)
  .refine(
    (glob) => !glob.startsWith('/') && !glob.split('/').includes('..') && !glob.includes('\0'),
    {
      message: 'must be relative to the workspace, without ".."',
    },
  )
const Globs = z.array(Glob).max(1_000)

/** Files that a task reads and writes, as globs relative to the workspace. */
export const TaskFiles = z
  .union([Globs, z.strictObject({ read: Globs.optional(), write: Globs.optional() })])
  .describe(
    'Files it reads, as globs relative to the workspace; or those it reads and those it writes.',
  )
export type TaskFiles = z.output<typeof TaskFiles>

/** A JSON Schema (2020-12 or draft 7), checked again by the validator before the plan is stored. */
export const JsonSchema = z.record(z.string(), z.unknown())

export const EchoOptions = z.strictObject({
  delayMs: z.int().min(0).max(3_600_000).optional(),
  outputBytes: z.int().min(0).max(10_000_000).optional(),
  failAttempts: z.int().min(0).max(1_000).optional(),
  hang: z.boolean().optional(),
})

/** One unit of work for one subagent, as submitted. */
export function taskSchema(limits: Limits) {
  const text = z.string().min(1).max(limits.maxPromptChars)
  return z
    .strictObject({
      id: TaskId.optional().describe('Unique in the plan; `task-1`, `task-2` … when left out.'),
      description: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe('Three to five words, for lists.'),
      role: text.optional().describe('Who does it: `Security specialist`.'),
      task: text.optional().describe('What to do.'),
      context: text
        .optional()
        .describe('What this task alone must know; the plan has a shared context.'),
      files: TaskFiles.optional(),
      outputFormat: text.optional().describe('What the output should look like.'),
      focusAreas: z
        .array(z.string().min(1).max(2_000))
        .max(100)
        .optional()
        .describe('What matters most, the first first.'),
      prompt: text
        .optional()
        .describe('The whole prompt, instead of role, task, context, outputFormat and focusAreas.'),
      outputSchema: JsonSchema.optional().describe('A JSON Schema that the output must satisfy.'),
      dependsOn: z
        .array(TaskId)
        .max(1_000)
        .optional()
        .describe('Tasks that must succeed first; their outputs become part of the prompt.'),
      executor: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .describe('What runs it, one of `GET /v1/executors`.'),
      model: ModelName.optional().describe('`provider:model`.'),
      tools: z
        .array(z.string().min(1).max(128))
        .max(100)
        .optional()
        .describe(
          "Which of the executor's tools it may use; when left out all, and those that write only with `files.write`. Asking for `write`, `edit` or `delete` without it allows to write `files`, or every file where there are none.",
        ),
      options: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('What the executor alone understands.'),
      timeoutMs: z
        .int()
        .min(1)
        .max(86_400_000)
        .default(600_000)
        .describe('How long one attempt may take, in milliseconds.'),
      attempts: z.int().min(1).max(100).default(3).describe('How often it is tried in all.'),
      priority: z
        .int()
        .min(-100)
        .max(100)
        .default(0)
        .describe('Among tasks that wait, the higher one runs first.'),
    })
    .superRefine((task, context) => {
      if (task.prompt === undefined) {
        if (task.task === undefined) {
          context.addIssue({
            code: 'custom',
            path: ['task'],
            message: 'is required, unless `prompt` is given',
          })
        }
        return
      }
      for (const field of ['role', 'task', 'context', 'outputFormat', 'focusAreas'] as const) {
        if (task[field] !== undefined) {
          context.addIssue({
            code: 'custom',
            path: [field],
            message: 'cannot stand beside `prompt`',
          })
        }
      }
    })
}

const WebhookEvent = z.enum([
  'plan.finished',
  'plan.started',
  'task.finished',
  'synthesis.finished',
])

export const PlanMode = z.enum(['parallel', 'sequential'])

export const Policy = z
  .strictObject({
    maxConcurrency: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('How many of its tasks may run at once.'),
    onFailure: z
      .enum(['continue', 'abort'])
      .default('continue')
      .describe('Whether a failed task stops the rest.'),
    minSuccess: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('The share of tasks that must succeed, or the plan has failed.'),
    onOverlap: z
      .enum(['reject', 'serialize', 'isolate'])
      .default('reject')
      .describe(
        'What to do when a task writes files that another one reads or writes: refuse the plan, run the tasks one after another, or give each a copy of its own.',
      ),
    budgetUsd: z
      .number()
      .positive()
      .max(1_000_000)
      .optional()
      .describe('What the plan may cost; it stops before it costs more.'),
    timeoutMs: z
      .int()
      .min(1)
      .max(30 * 86_400_000)
      .optional()
      .describe('How long the plan may take, in milliseconds.'),
  })
  .meta({ id: 'Policy' })
export type Policy = z.output<typeof Policy>

const FilePath = z
  .string()
  .min(1)
  .max(1_000)
  .refine(
    (path) =>
      !path.startsWith('/') &&
      !path.includes('\\') &&
      !path.includes('\0') &&
      path
        .split('/')
        .every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git'),
    { message: 'must be a plain relative path, without "..", and not inside .git' },
  )

export const WorkspaceSpec = z.union([
  z.strictObject({ path: z.string().min(1).max(4_000) }),
  z.strictObject({
    git: z.strictObject({
      url: z.string().min(1).max(2_000),
      ref: z.string().min(1).max(200).optional(),
      /** The name of a credential that the operator configured; never the secret itself. */
      credential: z.string().min(1).max(64).optional(),
    }),
  }),
  z.strictObject({
    files: z
      .record(FilePath, z.string())
      .refine((files) => Object.keys(files).length > 0, { message: 'must hold at least one file' }),
  }),
])
export type WorkspaceSpec = z.output<typeof WorkspaceSpec>

export const SynthesisSpec = z.strictObject({
  executor: z
    .enum(['model', 'merge'])
    .optional()
    .describe('Who writes it: a model, or the deterministic merge.'),
  model: ModelName.optional().describe('`provider:model`.'),
  instructions: z
    .string()
    .min(1)
    .max(32_000)
    .optional()
    .describe('What the synthesis should pay attention to.'),
  outputSchema: JsonSchema.optional().describe("A JSON Schema of the synthesis's `data`."),
  every: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('A preliminary version after every so many ended tasks.'),
})
export type SynthesisSpec = z.output<typeof SynthesisSpec>

/** The body of `POST /v1/plans`. */
export function submitPlanSchema(limits: Limits) {
  const task = taskSchema(limits)
  const name = z.string().min(1).max(500)
  return z
    .strictObject({
      title: z.string().min(1).max(300).optional().describe('For lists.'),
      context: z
        .string()
        .min(1)
        .max(limits.maxContextChars)
        .optional()
        .describe('Shared by every task, and sent first in every prompt.'),
      tasks: z
        .array(task)
        .min(1)
        .optional()
        .describe('The tasks. Exactly one of `tasks`, `pattern` and `goal` is given.'),
      pattern: z
        .discriminatedUnion('kind', [
          z.strictObject({
            kind: z.literal('directories'),
            directories: z.array(name).min(1).max(limits.maxTasks),
            task: task.describe('A template: `{{directory}}` stands for each directory.'),
          }),
          z.strictObject({
            kind: z.literal('perspectives'),
            perspectives: z.array(name).min(1).max(limits.maxTasks),
            task: task.describe('A template: `{{perspective}}` stands for each perspective.'),
          }),
        ])
        .optional()
        .describe('One task for each directory or perspective.'),
      goal: z
        .string()
        .min(1)
        .max(32_000)
        .optional()
        .describe('What to achieve: a planner model writes the tasks.'),
      mode: PlanMode.default('parallel').describe('`sequential`: one task in progress at a time.'),
      policy: Policy.prefault({}).describe(
        'Limits, and what to do when something fails or collides.',
      ),
      workspace: WorkspaceSpec.optional().describe(
        'The files the plan works on: a folder that the operator allows, a git repository, or the files themselves.',
      ),
      synthesis: z
        .union([z.literal(false), SynthesisSpec])
        .default({})
        .describe('How the outputs become one result; `false` for none.'),
      webhook: z
        .strictObject({
          url: z.url({ protocol: /^https?$/ }).max(2_000),
          events: z.array(WebhookEvent).min(1).default(['plan.finished']),
        })
        .optional()
        .describe('Where to report changes, signed as the Standard Webhooks specification says.'),
      metadata: z
        .record(z.string().max(200), z.unknown())
        .refine((metadata) => JSON.stringify(metadata).length <= 16_384, {
          message: 'must not exceed 16 KiB as JSON',
        })
        .default({})
        .describe("Anything of the caller's, returned as it came; at most 16 KiB."),
    })
    .superRefine((plan, context) => {
      const given = (['tasks', 'pattern', 'goal'] as const).filter((key) => plan[key] !== undefined)
      if (given.length !== 1) {
        context.addIssue({
          code: 'custom',
          path: given.length === 0 ? ['tasks'] : [given[1] as string],
          message: 'exactly one of `tasks`, `pattern` and `goal` must be given',
        })
      }
    })
}

export const SubmitPlan = submitPlanSchema(DEFAULT_LIMITS).meta({ id: 'SubmitPlan' })
export type SubmitPlan = z.output<typeof SubmitPlan>

export type SubmittedTask = z.output<ReturnType<typeof taskSchema>>

/** One task as it is stored: with its id and description, its pattern expanded. */
export interface TaskSpec extends Omit<SubmittedTask, 'id' | 'description' | 'executor'> {
  id: string
  description: string
  /** Resolved at submission, so that a change of the default does not change a stored plan. */
  executor: string
  /** `dependsOn`, and the tasks whose files overlap with this one's in a plan that serializes. */
  waitsFor?: string[]
}
