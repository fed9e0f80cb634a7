import type { ProviderModel } from '../models.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/**
 * Anthropic's API requires a limit, and the SDK's default for unknown models is low. The other
 * providers use the model's own, and some reject the call if one is passed.
 */
const MAX_OUTPUT_TOKENS = 32_000

/** Those that can constrain an answer and offer tools in the same call. */
const BINDS_WITH_TOOLS: ReadonlySet<string> = new Set(['anthropic', 'openai', 'azure', 'xai'])

/**
 * Adapts the call to its provider. The answer is constrained to a schema if possible. Most local
 * servers cannot call tools while constrained, nor can some providers, so they are only told in words.
 */
export function fitted(
  asked: CallOptions,
  schema: Record<string, unknown> | undefined,
  provider: string,
): CallOptions {
  const call =
    provider === 'anthropic' && asked.maxOutputTokens === undefined
      ? { ...asked, maxOutputTokens: MAX_OUTPUT_TOKENS }
      : asked
  const spoken = { ...call, prompt: withoutBlanks(call.prompt) }
  const hasTools = call.tools !== undefined && call.tools.length > 0
  if (schema === undefined || (hasTools && !BINDS_WITH_TOOLS.has(provider))) return spoken
  const { $schema: _dialect, ...rest } = schema
  return { ...spoken, responseFormat: { type: 'json', schema: rest, name: 'output' } }
}

/**
 * Some models write blank text next to a tool call, and providers reject it when it is sent back.
 */
function withoutBlanks(prompt: CallOptions['prompt']): CallOptions['prompt'] {
  return prompt.flatMap((message): CallOptions['prompt'] => {
    if (message.role !== 'assistant') return [message]
    const content = message.content.filter(
      (part) => part.type !== 'text' || part.text.trim() !== '',
    )
    return content.length === 0 ? [] : [{ ...message, content }]
  })
}
