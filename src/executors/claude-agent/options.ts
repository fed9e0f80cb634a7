import { z } from 'zod'

/** `task.options` of the executor `claude-agent`. */
export const ClaudeAgentOptions = z.strictObject({
  maxSteps: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('How often the model may be called for one attempt; 50 by default.'),
  budgetUsd: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(
      'What one attempt may cost. It ends with the call that passes it. In a plan with a budget, 5 by default.',
    ),
})
export type ClaudeAgentOptions = z.output<typeof ClaudeAgentOptions>

export const DEFAULT_MAX_STEPS = 50
