import { z } from 'zod'

export const PERSPECTIVES = ['security', 'performance', 'testing', 'architecture'] as const
/** What a review looks at. `architecture` includes code that is simply wrong. */
export type Perspective = (typeof PERSPECTIVES)[number]

/** `task.options` of the static executor. */
export const StaticOptions = z.strictObject({
  perspective: z
    .enum([...PERSPECTIVES, 'all'])
    .describe('Which rules run. Without it, the words of the task decide.')
    .optional(),
  maxFindings: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe('The most severe ones are kept; the output says how many were left out.'),
})
export type StaticOptions = z.output<typeof StaticOptions>
