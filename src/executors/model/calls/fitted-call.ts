import type { ProviderModel } from '../models.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/**
 * Anthropic's API must be given a limit, and the SDK's own for a model that it does not know is low.
 * The others take a model's own, and some refuse the call when it is passed.
 */
const MAX_OUTPUT_TOKENS = 32_000

/**
 * The call as its provider wants it. The answer is bound to a schema where that can be done; local
 * servers mostly cannot call tools while they are bound, and are told in words alone.
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
  if (schema === undefined || (provider === 'local' && hasTools)) return spoken
  const { $schema: _dialect, ...rest } = schema
  return { ...spoken, responseFormat: { type: 'json', schema: rest, name: 'output' } }
}

/** Some models write blanks beside a call of a tool, and providers refuse them when they are sent back. */
function withoutBlanks(prompt: CallOptions['prompt']): CallOptions['prompt'] {
  return prompt.flatMap((message): CallOptions['prompt'] => {
    if (message.role !== 'assistant') return [message]
    const content = message.content.filter(
      (part) => part.type !== 'text' || part.text.trim() !== '',
    )
    return content.length === 0 ? [] : [{ ...message, content }]
  })
}
