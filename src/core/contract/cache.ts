import { z } from 'zod'

/** Whether a task may take its output from an earlier plan. */
export const CacheSpec = z
  .strictObject({
    mode: z
      .enum(['reuse', 'refresh', 'off'])
      .describe(
        '`reuse`: takes the output of a task of an earlier plan if everything that it depends on is the same. `refresh`: runs, and may be reused later. `off`: neither.',
      ),
    maxAgeMs: z
      .int()
      .min(1)
      .max(366 * 86_400_000)
      .optional()
      .describe('How old a reused output may be, in milliseconds; any age if absent.'),
  })
  .describe('Whether outputs of earlier plans are reused; `off` by default.')
export type CacheSpec = z.output<typeof CacheSpec>

/** The task that an output was taken from. */
export const CachedFrom = z
  .object({ planId: z.string(), taskId: z.string() })
  .describe('The task of an earlier plan whose output was reused; it was not run again.')
export type CachedFrom = z.output<typeof CachedFrom>
