import { z } from 'zod'
import { CacheSpec } from './cache.ts'
import type { Limits } from './limits.ts'

/** `provider:model`, as in `anthropic:claude-sonnet-4-5` or `local:qwen3:8b`. */
export const ModelName = z
  .string()
  .max(200)
  .regex(/^[a-z][a-z0-9-]*:\S+$/, 'must look like provider:model')

/** Text for people or models to read. */
export const text = (maxChars: number) => z.string().max(maxChars).regex(/\S/, 'must not be blank')

/** A slug, because it becomes part of paths, finding ids (`security/2`) and event names. */
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
  .union([Globs, z.strictObject({ read: Globs.optional(), write: Globs.optional() })], {
    error: 'must be an array of globs, or an object with `read` and `write`',
  })
  .describe(
    'Files it reads, as globs relative to the workspace; or those it reads and those it writes. A folder stands for everything in it, and a glob that starts with `!` excludes files.',
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
  const prose = text(limits.maxPromptChars)
  return z
    .strictObject({
      id: TaskId.optional().describe('Unique in the plan; `task-1`, `task-2` … by default.'),
      description: text(200).optional().describe('Three to five words, for lists.'),
      role: prose.optional().describe('Who does it: `Security specialist`.'),
      task: prose.optional().describe('What to do.'),
      context: prose
        .optional()
        .describe('What only this task must know; the plan has a shared context.'),
      files: TaskFiles.optional(),
      outputFormat: prose.optional().describe('What the output should look like.'),
      focusAreas: z
        .array(text(2_000))
        .max(100)
        .optional()
        .describe('What matters most, in order of importance.'),
      prompt: prose
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
      escalate: z
        .array(ModelName)
        .min(1)
        .max(5)
        .optional()
        .describe(
          'Models that take over, in this order and within the same attempt, when the one before ends `incomplete` or its answer does not match the schema; `provider:model`. Only for the executor `model`.',
        ),
      tools: z
        .array(z.string().min(1).max(128))
        .max(100)
        .optional()
        .describe(
          "Which of the executor's tools it may use; by default all, but those that write only with `files.write`. A task that asks for `write`, `edit`, `delete` or `run` without `files.write` may write `files`, or every file if there are none.",
        ),
      options: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('Options that only the executor interprets.'),
      timeoutMs: z
        .int()
        .min(1)
        .max(86_400_000)
        .default(600_000)
        .describe('How long one attempt may take, in milliseconds.'),
      attempts: z.int().min(1).max(100).default(3).describe('How many attempts it gets in total.'),
      cache: CacheSpec.optional(),
      priority: z
        .int()
        .min(-100)
        .max(100)
        .default(0)
        .describe('Among waiting tasks, those with a higher number run first.'),
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
            message: 'cannot be combined with `prompt`',
          })
        }
      }
    })
}

export type SubmittedTask = z.output<ReturnType<typeof taskSchema>>

/** A task as stored: with its id and description, and with its pattern expanded. */
export interface TaskSpec extends Omit<SubmittedTask, 'id' | 'description' | 'executor'> {
  id: string
  description: string
  /** Resolved at submission, so that a change of the default does not change a stored plan. */
  executor: string
  /** `dependsOn`, plus the tasks whose files overlap with this one's in a plan that serializes. */
  waitsFor?: string[]
  /** Of the task that repairs: the command that says whether there is anything to do. */
  verify?: string
}
