import type { SpanAttributes, SpanStart } from '../../../core/ports/tracing.ts'
import { type ProviderModel, parseModel } from '../models.ts'

// Attribute names follow OpenTelemetry's semantic conventions for generative AI. Those that would
// carry prompts or answers (`gen_ai.input.messages`, `gen_ai.output.messages` …) are never set.

type Call = Parameters<ProviderModel['doStream']>[0]
type Part =
  Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer P>
    ? P
    : never

/** Names of providers in the conventions, where they are not ours. */
const CONVENTIONAL: Record<string, string> = {
  google: 'gcp.gemini',
  bedrock: 'aws.bedrock',
  azure: 'azure.ai.openai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
}

/** One call of `provider:model`. */
export function callSpan(name: string, call: Call): SpanStart {
  const { provider, model } = parseModel(name) ?? { provider: 'local', model: name }
  return {
    name: `chat ${model}`,
    kind: 'client',
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': CONVENTIONAL[provider] ?? provider,
      'gen_ai.request.model': model,
      'gen_ai.request.max_tokens': call.maxOutputTokens,
      'gen_ai.output.type': call.responseFormat?.type === 'json' ? 'json' : 'text',
    },
  }
}

/** The attributes of an answer. `gen_ai.usage.input_tokens` includes cached tokens. */
export function answerAttributes(parts: readonly Part[]): SpanAttributes {
  const response = parts.find((part) => part.type === 'response-metadata')
  const finish = parts.find((part) => part.type === 'finish')
  return {
    'gen_ai.response.id': response?.id,
    'gen_ai.response.model': response?.modelId,
    ...(finish === undefined
      ? {}
      : {
          'gen_ai.response.finish_reasons': [finish.finishReason.unified],
          'gen_ai.usage.input_tokens': finish.usage.inputTokens.total,
          'gen_ai.usage.output_tokens': finish.usage.outputTokens.total,
          'gen_ai.usage.cache_read.input_tokens': finish.usage.inputTokens.cacheRead,
          'gen_ai.usage.cache_creation.input_tokens': finish.usage.inputTokens.cacheWrite,
        }),
  }
}
