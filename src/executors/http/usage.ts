import { z } from 'zod'
import type { Usage } from '../../core/contract/usage.ts'

const count = z.int().min(0)

/**
 * The usage that an agent may report, under `usage` in the metadata of a task, a message or an
 * event: the total of its task so far, in Tutti's field names or those of model providers. All
 * fields are optional; the protocol itself does not define any.
 */
const StatedUsage = z
  .object({
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    steps: count,
    costUsd: z.number().min(0),
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
    prompt_tokens: count,
    completion_tokens: count,
  })
  .partial()

/** `undefined` if nothing usable is reported. */
export function usageIn(metadata: Record<string, unknown> | undefined): Usage | undefined {
  const stated = StatedUsage.safeParse(metadata?.usage)
  if (!stated.success) return undefined
  const { data } = stated
  return {
    inputTokens: data.inputTokens ?? data.input_tokens ?? data.prompt_tokens ?? 0,
    outputTokens: data.outputTokens ?? data.output_tokens ?? data.completion_tokens ?? 0,
    cacheReadTokens: data.cacheReadTokens ?? data.cache_read_input_tokens ?? 0,
    cacheWriteTokens: data.cacheWriteTokens ?? data.cache_creation_input_tokens ?? 0,
    steps: data.steps ?? 0,
    costUsd: data.costUsd ?? 0,
  }
}
