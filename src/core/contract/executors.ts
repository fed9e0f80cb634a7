import { z } from 'zod'

/** The answer of `GET /v1/executors`. */
export const ExecutorList = z
  .object({
    default: z.string(),
    defaultModel: z.string().nullable(),
    items: z.array(
      z.object({
        name: z.string(),
        description: z.string(),
        available: z.boolean(),
        reason: z.string().optional(),
        tools: z.array(z.string()),
        capabilities: z.object({
          readsWorkspace: z.boolean(),
          requiresWorkspace: z
            .boolean()
            .describe('Whether a plan with a task for it must have a `workspace`.'),
          writesWorkspace: z.boolean(),
          usesModel: z.boolean(),
          structuredOutput: z.boolean(),
          resumes: z
            .boolean()
            .describe(
              'Whether an attempt continues where an interrupted one stopped. Otherwise each attempt starts from the beginning.',
            ),
          readsMessages: z
            .boolean()
            .describe('Whether a task that runs reads what is said to it by `…/messages`.'),
        }),
        /** `unknown`: tasks may cost something that no budget covers. */
        cost: z.enum(['none', 'counted', 'unknown']),
        options: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({ id: 'ExecutorList' })
export type ExecutorList = z.output<typeof ExecutorList>
