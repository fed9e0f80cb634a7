// Phrases with which providers refuse a call, and who was seen to use them. Statuses tell too
// little: a 429 may pass in a second or never, and an overlong prompt comes as 400, 413, 422 or
// 500. Apart from numbers, nothing of a provider's text is passed on: it may repeat the prompt or
// the key.

/**
 * `quota`: waiting does not help. `too-long`: the input is too long. `output-limit`: the requested
 * output is too long.
 */
export type Meaning = 'quota' | 'too-long' | 'output-limit'

interface Wording {
  by: string
  means: Meaning
  /**
   * Groups, in tokens: `sent`, the input; `limit`, what the model accepts; `output`, the requested
   * output; `over`, the difference.
   */
  words: RegExp
}

/** Error types and codes that mean this whatever the text says. */
export const QUOTA_TYPES = new Set([
  'insufficient_quota',
  'billing_error',
  'billing_not_active',
  'billing_hard_limit_reached',
  'usage_limit_reached',
  'usage_limit_exceeded',
  'usage_not_included',
  'exceeded_current_quota_error',
  'insufficient_balance',
  'insufficient_user_quota',
  'insufficient_credits',
  'credit_balance_exhausted',
  'budget_exceeded',
  'Arrearage',
  'AllocationQuota.FreeTierOnly',
  '1113',
])

export const TOO_LONG_TYPES = new Set([
  'context_length_exceeded',
  'context_window_exceeded',
  'context_too_large',
  'exceed_context_size_error',
  'model_max_prompt_tokens_exceeded',
  'prompt_too_long',
  'request_too_large',
  'string_above_max_length',
  'tokens_limit_reached',
])

// The first match wins, so wordings with numbers come before those without.
const WORDINGS: readonly Wording[] = [
  // Per-minute limits that the call alone exceeds.
  {
    by: 'OpenAI, Groq',
    means: 'too-long',
    words: /request too large for .{1,200}\(TPM\): limit (?<limit>\d+), requested (?<sent>\d+)/is,
  },
  {
    by: 'GitHub Models',
    means: 'too-long',
    words: /request body too large.{0,100}max size: (?<limit>\d+) tokens/is,
  },

  {
    by: 'Anthropic',
    means: 'too-long',
    words: /prompt is too long: (?<sent>\d+) tokens > (?<limit>\d+)/i,
  },
  {
    by: 'Anthropic, Bedrock',
    means: 'too-long',
    words:
      /input length and .?max_tokens.? exceed context limit: (?<sent>\d+) \+ (?<output>\d+) > (?<limit>\d+)/i,
  },
  {
    by: 'Anthropic',
    means: 'output-limit',
    words: /max_tokens: (?<output>\d+) > (?<limit>\d+), which is the maximum/i,
  },
  {
    by: 'OpenAI, Azure',
    means: 'output-limit',
    words:
      /max_(?:completion_)?tokens is too large: (?<output>\d+)\. this model supports at most (?<limit>\d+)/i,
  },
  {
    by: 'DeepSeek, Qwen',
    means: 'output-limit',
    words: /(?:range of max_tokens should be|valid range of max_tokens is) \[1, ?(?<limit>\d+)\]/i,
  },
  {
    by: 'Groq',
    means: 'output-limit',
    words: /max_(?:completion_)?tokens.? must be less than or equal to .?(?<limit>\d+)/i,
  },
  {
    by: 'Bedrock',
    means: 'output-limit',
    words: /maximum tokens you requested exceeds the model limit of (?<limit>\d+)/i,
  },
  {
    by: 'vLLM',
    means: 'too-long',
    words:
      /max_tokens.{0,40} is too large: (?<output>\d+)\. this model's maximum context length is (?<limit>\d+) tokens and your request has (?<sent>\d+)/i,
  },
  {
    by: 'vLLM, OpenAI, DeepSeek, OpenRouter',
    means: 'too-long',
    words:
      /maximum context length (?:is|of) (?<limit>\d+) tokens.{1,80}requested (?:about |a total of )?\d+ tokens.{0,4}\((?:about )?(?<sent>\d+) (?:in the messages|in your prompt|of text input|from the input|of the input)\D{1,40}(?<output>\d+)/is,
  },
  {
    by: 'OpenRouter, SGLang, vLLM',
    means: 'too-long',
    words:
      /maximum context length (?:is|of) (?<limit>\d+) tokens.{1,80}requested (?:about |a total of )?(?<sent>\d+)/is,
  },
  {
    by: 'OpenAI, Azure, LiteLLM',
    means: 'too-long',
    words:
      /(?:maximum context length is|configured limit of) (?<limit>\d+) tokens.{1,40}messages resulted in (?<sent>\d+)/is,
  },
  {
    by: 'vLLM',
    means: 'too-long',
    words: /passed (?<sent>\d+) input tokens.{1,80}context length is only (?<limit>\d+)/is,
  },
  {
    by: 'vLLM',
    means: 'too-long',
    words:
      /prompt \(length (?<sent>\d+)\) is longer than the maximum model length of (?<limit>\d+)/i,
  },
  {
    by: 'Google',
    means: 'too-long',
    words:
      /input token count \(?(?<sent>\d+)\)? exceeds the maximum number of tokens allowed \(?(?<limit>\d+)/i,
  },
  {
    by: 'xAI',
    means: 'too-long',
    words: /maximum prompt length is (?<limit>\d+) but the request contains (?<sent>\d+)/i,
  },
  {
    by: 'Mistral',
    means: 'too-long',
    words: /prompt contains (?<sent>\d+) tokens.{1,60}too large for model with (?<limit>\d+)/is,
  },
  {
    by: 'Cohere',
    means: 'too-long',
    words: /number of tokens in the prompt cannot exceed (?<limit>\d+) - received (?<sent>\d+)/i,
  },
  {
    by: 'Kimi',
    means: 'too-long',
    words: /exceeded model token limit: (?<limit>\d+)(?: \(requested: (?<sent>\d+))?/i,
  },
  {
    by: 'GitHub Copilot',
    means: 'too-long',
    words: /prompt token count of (?<sent>\d+) exceeds the limit of (?<limit>\d+)/i,
  },
  {
    by: 'llama.cpp',
    means: 'too-long',
    words: /request \((?<sent>\d+) tokens\) exceeds the available context size \((?<limit>\d+)/i,
  },
  {
    by: 'llama-cpp-python',
    means: 'too-long',
    words: /requested tokens \((?<sent>\d+)\) exceed context window of (?<limit>\d+)/i,
  },
  {
    by: 'SGLang',
    means: 'too-long',
    words:
      /input \((?<sent>\d+) tokens\) is longer than the model's context length \((?<limit>\d+)/i,
  },
  {
    by: 'LM Studio',
    means: 'too-long',
    words: /keep the first (?<sent>\d+) tokens.{1,80}context length of only (?<limit>\d+)/is,
  },
  {
    by: 'TGI',
    means: 'too-long',
    words: /`inputs` must have less than (?<limit>\d+) tokens\. given: (?<sent>\d+)/i,
  },
  {
    by: 'TGI',
    means: 'too-long',
    words:
      /`max_new_tokens` must be <= (?<limit>\d+)\. given: (?<sent>\d+) `inputs` tokens and (?<output>\d+)/i,
  },
  {
    by: 'Cerebras',
    means: 'too-long',
    words: /current length is (?<sent>\d+) while limit is (?<limit>\d+)/i,
  },
  { by: 'Ollama', means: 'too-long', words: /exceeded max context length by (?<over>\d+)/i },
  {
    by: 'OpenRouter',
    means: 'too-long',
    words: /prompt tokens limit exceeded: (?<sent>\d+) > (?<limit>\d+)/i,
  },
  {
    by: 'Qwen',
    means: 'too-long',
    words: /range of input length should be \[\d+, ?(?<limit>\d+)\]/i,
  },
  {
    by: 'Anthropic, Bedrock, Vertex and others',
    means: 'too-long',
    words:
      /(?:prompt|inputs?|request|messages?|conversation) (?:is|are|was) too (?:long|large)(?! for .{1,200}\bTPM\b)/i,
  },
  {
    by: 'Ollama, Zhipu',
    means: 'too-long',
    words: /prompt too long|prompt exceeds max length|prompt 超长/i,
  },
  {
    by: 'OpenAI',
    means: 'too-long',
    words: /string too long\. expected a string with maximum length/i,
  },
  {
    by: 'OpenAI, llama.cpp, LM Studio, MiniMax, Ollama and others',
    means: 'too-long',
    words:
      /exceed(?:s|ed|ing)? (?:the |its |max |available |model's |model |maximum |allowed )*context|context (?:length|window|size|limit)\D{0,40}exceed|(?:greater|longer) than the (?:model's )?(?:maximum )?context|(?:maximum|max) context|context overflow/i,
  },
  { by: 'Groq', means: 'too-long', words: /reduce the length of the messages/i },
  {
    by: 'Cohere and others',
    means: 'too-long',
    words:
      /too many (?:input )?tokens(?!,? (?:please wait|per))|input token count exceeds|input tokens exceed/i,
  },

  // Money, billing plans, and quotas per day or longer.
  {
    by: 'Anthropic',
    means: 'quota',
    words:
      /credit balance is too low|reached your specified (?:workspace )?(?:api )?usage limits?/i,
  },
  {
    by: 'OpenAI',
    means: 'quota',
    words:
      /account is not active, please check your billing|billing hard limit has been reached|usage limit has been reached/i,
  },
  { by: 'Google', means: 'quota', words: /quota exceeded for metric\D{1,200}limit: 0\b/is },
  {
    by: 'Google',
    means: 'quota',
    words:
      /PerDayPerProject|requires billing to be enabled|billing (?:account )?(?:is|has been) disabled|prepayment credits are depleted|exceeded its (?:monthly )?spending cap/i,
  },
  {
    by: 'DeepSeek, Zhipu, SiliconFlow, OpenRouter, Moonshot, MiniMax and others',
    means: 'quota',
    words:
      /insufficient (?:account )?(?:credits?|balance|funds|quota)|balance is (?:insufficient|not enough)|余额不足|requires more credits|out of credits|run out of credits/i,
  },
  {
    // Google says the same about its per-minute limits, followed by more text.
    by: 'OpenAI, by way of proxies',
    means: 'quota',
    words:
      /exceeded your current quota, please check your plan(?!.{0,2000}(?:PerMinute|retry in|ai\.google|googleapis))/is,
  },
  { by: 'Moonshot', means: 'quota', words: /exceeded current quota|suspended due to/i },
  {
    by: 'xAI',
    means: 'quota',
    words: /used all available credits|reached its monthly spending limit|spending limit/i,
  },
  {
    by: 'OpenRouter',
    means: 'quota',
    words: /free-models-per-day|key limit exceeded|key.{1,30}total limit/i,
  },
  { by: 'Bedrock', means: 'quota', words: /too many tokens per day/i },
  {
    by: 'Qwen',
    means: 'quota',
    words:
      /free (?:allocated quota|tier of the model) (?:exceeded|has been exhausted)|account is in good standing/i,
  },
  { by: 'LiteLLM', means: 'quota', words: /budget has been exceeded|exceededbudget/i },
  {
    by: 'Hugging Face, Copilot, Cohere and others',
    means: 'quota',
    words:
      /exceeded your monthly|monthly (?:included credits|quota|(?:usage |request |token )?limit)|api calls \/ month|weekly (?:usage )?limit|daily (?:token |request |usage )?(?:quota|limit)/i,
  },
]

/** What was understood of a refusal. */
export interface Understood {
  means: Meaning
  /** Tokens. */
  sent?: number | undefined
  limit?: number | undefined
  output?: number | undefined
  over?: number | undefined
}

/** Interprets the text of a refusal; `undefined` if it is not known. */
export function understood(said: string): Understood | undefined {
  for (const { means, words } of WORDINGS) {
    const match = words.exec(said)
    if (match === null) continue
    const { sent, limit, output, over } = match.groups ?? {}
    const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
    return {
      means,
      sent: number(sent),
      limit: number(limit),
      output: number(output),
      over: number(over),
    }
  }
  return undefined
}
