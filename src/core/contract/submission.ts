import { z } from 'zod'
import { CacheSpec } from './cache.ts'
import { Severity } from './findings.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { JsonSchema, ModelName, taskSchema, text } from './task-spec.ts'

const WebhookEvent = z.enum([
  'plan.finished',
  'plan.started',
  'task.finished',
  'step.finished',
  'tasks.added',
  'synthesis.finished',
])

export const PlanMode = z.enum(['parallel', 'sequential'])

/** `policy.deadlineMs` of a relaxed plan that gives none. */
export const DEFAULT_DEADLINE_MS = 86_400_000

const VerifyPolicy = z.strictObject({
  votes: z
    .literal([1, 3, 5], { error: 'must be 1, 3 or 5' })
    .default(3)
    .describe(
      'How many independent calls judge a finding at most; they stop once a majority agrees.',
    ),
  minSeverity: Severity.default('medium').describe('Findings that are less severe are not judged.'),
  model: ModelName.optional().describe("`provider:model`; the service's default model if absent."),
  maxShare: z
    .number()
    .positive()
    .max(1)
    .default(0.3)
    .describe('The share of `budgetUsd` that these calls may cost.'),
})
export type VerifyPolicy = z.output<typeof VerifyPolicy>

export const Policy = z
  .strictObject({
    maxConcurrency: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('How many of its tasks may run at once.'),
    maxTasks: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(
        'How many tasks the plan may come to have, with those that are added later; by default as many as one submission may have.',
      ),
    onFailure: z
      .enum(['continue', 'abort'])
      .default('continue')
      .describe('Whether a failed task stops the rest.'),
    minSuccess: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('The share of tasks that must succeed; otherwise the plan has failed.'),
    onOverlap: z
      .enum(['reject', 'serialize', 'isolate'])
      .default('reject')
      .describe(
        'What to do when a task writes files that another one reads or writes: refuse the plan, run the tasks one after another, or give each task its own copy.',
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
    urgency: z
      .enum(['normal', 'relaxed'])
      .optional()
      .describe(
        '`relaxed`: model calls of tasks without tools, and of partial syntheses, go out together as a batch of their provider (Anthropic, OpenAI), which takes hours and costs half.',
      ),
    deadlineMs: z
      .int()
      .min(1)
      .max(7 * 86_400_000)
      .optional()
      .describe(
        'For a `relaxed` plan: calls that are not back this many milliseconds after its submission are cancelled and made live. 24 hours if absent.',
      ),
    verify: VerifyPolicy.optional().describe(
      'Has a model judge each finding of the synthesis, seeing the file but not how its author reached it. Findings that a majority refutes are left out of the summary and the actions.',
    ),
  })
  .refine(({ urgency, deadlineMs }) => deadlineMs === undefined || urgency === 'relaxed', {
    path: ['deadlineMs'],
    message: 'is only for a plan whose `urgency` is `relaxed`',
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

const verification = {
  verify: z
    .string()
    .regex(/\S/, 'must not be blank')
    .max(1_000)
    .optional()
    .describe(
      'A command whose exit code says whether the merged edits work, such as `npm test`. The operator must allow it in TUTTI_RUN. It is not run by a shell.',
    ),
  repair: z
    .boolean()
    .optional()
    .describe(
      'Adds a task after all others, with the settings of the first one that writes. If `verify` fails on their merged edits, the task gets the output and repairs what fails.',
    ),
}

export const WorkspaceSpec = z.union(
  [
    z.strictObject({ path: z.string().min(1).max(4_000), ...verification }),
    z.strictObject({
      git: z.strictObject({
        url: z.string().min(1).max(2_000),
        ref: z.string().min(1).max(200).optional(),
        /** The name of a credential that the operator configured; never the secret itself. */
        credential: z.string().min(1).max(64).optional(),
      }),
      ...verification,
    }),
    z.strictObject({
      files: z.record(FilePath, z.string()).refine((files) => Object.keys(files).length > 0, {
        message: 'must hold at least one file',
      }),
      ...verification,
    }),
  ],
  { error: 'must have exactly one of `path`, `git` and `files`' },
)
export type WorkspaceSpec = z.output<typeof WorkspaceSpec>

export const SynthesisSpec = z.strictObject({
  executor: z
    .enum(['model', 'merge'])
    .optional()
    .describe('Who writes it: a model, or the deterministic merge.'),
  model: ModelName.optional().describe('`provider:model`.'),
  instructions: text(32_000).optional().describe('What the synthesis should pay attention to.'),
  outputSchema: JsonSchema.optional().describe("A JSON Schema of the synthesis's `data`."),
  every: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Writes a preliminary version each time this many more tasks have ended.'),
  compareWith: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('An earlier plan: what is new, still there or fixed since.'),
})
export type SynthesisSpec = z.output<typeof SynthesisSpec>

/** The body of `POST /v1/plans`. */
export function submitPlanSchema(limits: Limits) {
  const task = taskSchema(limits)
  const name = z.string().min(1).max(500)
  return z
    .strictObject({
      title: text(300).optional().describe('For lists.'),
      context: text(limits.maxContextChars)
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
      goal: text(32_000).optional().describe('What to achieve: a planner model writes the tasks.'),
      mode: PlanMode.default('parallel').describe('`sequential`: one task in progress at a time.'),
      policy: Policy.prefault({}).describe(
        'Limits, and what to do when something fails or collides.',
      ),
      workspace: WorkspaceSpec.optional().describe(
        'The files the plan works on: a folder that the operator allows, a git repository, or the files themselves.',
      ),
      cache: CacheSpec.optional(),
      synthesis: z
        .union([z.literal(false), SynthesisSpec], { error: 'must be false or an object' })
        .default({})
        .describe('How the outputs become one result; `false` for none.'),
      webhook: z
        .strictObject({
          url: z.url({ protocol: /^https?$/ }).max(2_000),
          events: z
            .array(WebhookEvent)
            .min(1)
            .max(WebhookEvent.options.length)
            .default(['plan.finished']),
        })
        .optional()
        .describe('Where to report changes, signed as the Standard Webhooks specification says.'),
      metadata: z
        .record(z.string().max(200), z.unknown())
        .refine((metadata) => JSON.stringify(metadata).length <= 16_384, {
          message: 'must not exceed 16 KiB as JSON',
        })
        .default({})
        .describe("The caller's own data, returned unchanged; at most 16 KiB."),
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

/** The body of `POST /v1/plans/{planId}/tasks`. */
export function addTasksSchema(limits: Limits) {
  return z.strictObject({
    tasks: z
      .array(taskSchema(limits))
      .min(1)
      .max(limits.maxTasks)
      .describe('May depend on each other and on tasks that the plan has.'),
  })
}

export const AddTasks = addTasksSchema(DEFAULT_LIMITS).meta({ id: 'AddTasks' })

export const SubmitPlan = submitPlanSchema(DEFAULT_LIMITS).meta({ id: 'SubmitPlan' })
export type SubmitPlan = z.output<typeof SubmitPlan>
