import { z } from 'zod'

const tokens = z.number().nullish()

/** What one model call used, as Anthropic's API counts it: `input_tokens` excludes cached input. */
const CallUsage = z.object({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_input_tokens: tokens,
  cache_creation_input_tokens: tokens,
})
export type CallUsage = z.output<typeof CallUsage>

/** The events of Anthropic's stream that carry text and usage. */
const StreamEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message_start'),
    message: z.object({ model: z.string(), usage: CallUsage }),
  }),
  z.object({
    type: z.literal('content_block_delta'),
    delta: z.object({ type: z.string(), text: z.string().optional() }),
  }),
  z.object({ type: z.literal('message_delta'), usage: CallUsage.optional() }),
])
export type StreamEvent = z.output<typeof StreamEvent>

/** A call that failed and will be retried. */
const ApiRetry = z.object({
  type: z.literal('system'),
  subtype: z.literal('api_retry'),
  /** From 1. */
  attempt: z.number(),
  retry_delay_ms: z.number(),
  /** `null` if there was no answer. */
  error_status: z.number().nullable(),
  error: z.string(),
})
export type ApiRetry = z.output<typeof ApiRetry>

const Result = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean(),
  api_error_status: z.number().nullish(),
  result: z.string().optional(),
  structured_output: z.unknown().optional(),
  stop_reason: z.string().nullish(),
  terminal_reason: z.string().optional(),
  total_cost_usd: z.number(),
  /** All calls of the conversation; the field `usage` omits some. */
  modelUsage: z.record(
    z.string(),
    z.object({
      inputTokens: z.number(),
      outputTokens: z.number(),
      cacheReadInputTokens: z.number(),
      cacheCreationInputTokens: z.number(),
    }),
  ),
})
export type Result = z.output<typeof Result>

/** The messages that matter here, out of some forty kinds. */
const AgentMessage = z.union([
  z.object({ type: z.literal('stream_event'), event: StreamEvent }),
  ApiRetry,
  // Replaces an answer if the conversation ends with a failed call.
  z.object({ type: z.literal('assistant'), error: z.string() }),
  Result,
])
export type AgentMessage = z.output<typeof AgentMessage>

/** `undefined` for every other message. */
export function readMessage(message: unknown): AgentMessage | undefined {
  return AgentMessage.safeParse(message).data
}
