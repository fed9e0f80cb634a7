import { APICallError } from 'ai'
import { expect, test } from 'vitest'
import { failureOf } from '../../../../src/executors/model/calls/call-failure.ts'

// What providers really answer.

function failed(status: number, body: unknown, headers: Record<string, string> = {}) {
  const responseBody = typeof body === 'string' ? body : JSON.stringify(body)
  const error = new APICallError({
    message: 'x',
    url: 'http://localhost',
    requestBodyValues: {},
    statusCode: status,
    responseHeaders: headers,
    responseBody,
  })
  return failureOf(error, 'openai')
}
const openAi = (message: string, more: object = {}) => ({
  error: { message, param: null, ...more },
})

test.each([
  [
    'OpenAI',
    429,
    openAi('You exceeded your current quota, please check your plan and billing details.', {
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    }),
  ],
  [
    'OpenAI',
    429,
    openAi('Your account is not active, please check your billing details on our website.', {
      type: 'billing_not_active',
      code: 'billing_not_active',
    }),
  ],
  [
    'OpenAI, an older server',
    429,
    openAi('Your account is not active, please check your billing details on our website.', {
      type: 'billing_not_active',
      code: null,
    }),
  ],
  [
    'OpenAI',
    400,
    openAi('Billing hard limit has been reached', {
      type: 'invalid_request_error',
      code: 'billing_hard_limit_reached',
    }),
  ],
  [
    'Codex',
    429,
    {
      error: {
        type: 'usage_limit_reached',
        message: 'The usage limit has been reached',
        plan_type: 'plus',
        resets_in_seconds: 252_000,
      },
    },
  ],
  [
    'Moonshot',
    429,
    openAi(
      'Your account org-446 <ak-f81> is suspended due to insufficient balance, please recharge your account or check your plan and billing details',
      { type: 'exceeded_current_quota_error' },
    ),
  ],
  [
    'Moonshot',
    403,
    openAi(
      'Your account org-1 <ak-2> is not active, organization <org-1> exceeded current quota, please check your plan and billing details',
      { type: 'exceeded_current_quota_error' },
    ),
  ],
  [
    'Moonshot behind a proxy',
    429,
    openAi('Error from provider: Provider returned error', {
      code: 429,
      metadata: {
        raw: '{"error":{"message":"Your account org-446a <ak-f8> is suspended due to insufficient balance","type":"exceeded_current_quota_error"}}',
        provider_name: 'Moonshot',
      },
    }),
  ],
  [
    'Anthropic',
    400,
    {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message:
          'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      },
    },
  ],
  [
    'Anthropic',
    400,
    {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message:
          'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
      },
    },
  ],
  [
    'xAI',
    429,
    {
      code: 'Some resource has been exhausted',
      error:
        'Your team 16f2151a has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit.',
    },
  ],
  [
    'xAI',
    429,
    'Your team 16f2151a has either used all available credits or reached its monthly spending limit.',
  ],
  [
    'DeepSeek',
    402,
    openAi('Insufficient Balance', { type: 'unknown_error', code: 'invalid_request_error' }),
  ],
  ['Zhipu', 429, { error: { code: '1113', message: '余额不足或无可用资源包,请充值。' } }],
  [
    'Zhipu',
    429,
    openAi('Insufficient balance or no resource package. Please recharge.', { code: '1113' }),
  ],
  [
    'OpenRouter',
    402,
    openAi(
      'This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 0.',
      { code: 402 },
    ),
  ],
  [
    'OpenRouter',
    429,
    openAi(
      'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day',
      { code: 429 },
    ),
  ],
  [
    'OpenRouter',
    403,
    openAi(
      'Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys',
      { code: 403 },
    ),
  ],
  [
    'Google, a model that the plan does not have',
    429,
    [
      {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          message:
            'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit. \n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: gemini-3.1-pro\nPlease retry in 11.665902715s.',
        },
      },
    ],
  ],
  [
    'Google, the limit a day',
    429,
    [
      {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          message: 'You exceeded your current quota, please check your plan and billing details.',
          details: [
            {
              '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
              violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
            },
          ],
        },
      },
    ],
  ],
  ['Bedrock', 429, { message: 'Too many tokens per day, please wait before trying again.' }],
  [
    'Qwen',
    403,
    openAi('Free allocated quota exceeded.', {
      type: 'AllocationQuota.FreeTierOnly',
      code: 'AllocationQuota.FreeTierOnly',
    }),
  ],
  [
    'LiteLLM',
    400,
    openAi('Budget has been exceeded! Current cost: 10.2, Max budget: 10.0', {
      type: 'budget_exceeded',
      code: '400',
    }),
  ],
  [
    'LiteLLM before OpenAI',
    429,
    openAi(
      'litellm.RateLimitError: RateLimitError: OpenAIException - You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
      { type: 'throttling_error', code: '429' },
    ),
  ],
  [
    'Hugging Face',
    402,
    { error: 'You have exceeded your monthly included credits for Inference Providers.' },
  ],
  [
    'Cohere',
    429,
    { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' },
  ],
])('no waiting helps where a quota is used up: %s, %i', (_, status, body) => {
  const failure = failed(status, body)
  expect(failure).toMatchObject({ kind: 'permanent', code: 'provider-quota', elsewhere: true })
})

test.each([
  [
    'OpenAI',
    openAi(
      'Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2.5s.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
    2_500,
  ],
  [
    'Groq',
    openAi(
      'Rate limit reached for model `llama` in organization `org_1` on tokens per day (TPD): Limit 100000, Used 99000, Requested 2000. Please try again in 14m24.5s.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
    864_500,
  ],
  [
    'Google, the limit a minute',
    [
      {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          message:
            'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 10\nPlease retry in 17.3s.',
          details: [
            { violations: [{ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier' }] },
            { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '17s' },
          ],
        },
      },
    ],
    17_000,
  ],
  [
    'Moonshot',
    openAi('Your account request reached max request: 3, please try again after 1 seconds', {
      type: 'rate_limit_reached_error',
    }),
    1_000,
  ],
  [
    'Azure',
    openAi(
      'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-02-01 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 26 seconds.',
      { code: '429' },
    ),
    26_000,
  ],
  ['Bedrock', { message: 'Too many tokens, please wait before trying again.' }, undefined],
  [
    'Anthropic',
    {
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message:
          "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
      },
    },
    undefined,
  ],
  [
    'Vertex',
    {
      error: {
        code: 429,
        message: 'Resource exhausted. Please try again later.',
        status: 'RESOURCE_EXHAUSTED',
      },
    },
    undefined,
  ],
])('a rate limit that passes is waited for: %s', (_, body, retryAfterMs) => {
  expect(failed(429, body)).toMatchObject({ kind: 'rate-limited', retryAfterMs })
})

test.each([
  ['Anthropic', 400, 'prompt is too long: 213462 tokens > 200000 maximum', 13_462],
  [
    'Anthropic',
    400,
    'input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length or `max_tokens` and try again',
    7_951,
  ],
  [
    'OpenAI',
    400,
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 8545 tokens. Please reduce the length of the messages.",
    353,
  ],
  [
    'OpenAI',
    400,
    'Your input exceeds the context window of this model. Please adjust your input and try again.',
    undefined,
  ],
  [
    'OpenAI',
    429,
    'Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully.',
    601,
  ],
  [
    'Groq',
    413,
    'Request too large for model `llama-3.1-8b-instant` in organization `org` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 6294, please reduce your message size and try again.',
    294,
  ],
  ['Groq', 400, 'Please reduce the length of the messages or completion.', undefined],
  [
    'OpenRouter',
    400,
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens (190000 of text input, 10000 in the output).",
    68_928,
  ],
  [
    'vLLM',
    400,
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
    904,
  ],
  [
    'vLLM',
    400,
    "You passed 32769 input tokens and requested 0 output tokens. However, the model's context length is only 32768 tokens",
    1,
  ],
  [
    'vLLM',
    400,
    'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
    904,
  ],
  [
    'Google',
    400,
    'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
    147_690,
  ],
  [
    'Google',
    400,
    'The input token count exceeds the maximum number of tokens allowed 1048576.',
    undefined,
  ],
  ['Bedrock', 400, 'Input is too long for requested model.', undefined],
  [
    'xAI',
    400,
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    406_740,
  ],
  [
    'Mistral',
    400,
    'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    7_232,
  ],
  [
    'Cohere',
    400,
    'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.',
    211,
  ],
  [
    'Kimi',
    400,
    'Invalid request: Your request exceeded model token limit: 131072 (requested: 200000)',
    68_928,
  ],
  ['GitHub Copilot', 400, 'prompt token count of 130000 exceeds the limit of 128000', 2_000],
  [
    'GitHub Models',
    413,
    'Request body too large for gpt-4o model. Max size: 8000 tokens.',
    undefined,
  ],
  [
    'llama.cpp',
    500,
    'the request exceeds the available context size. try increasing the context size or enable context shift',
    undefined,
  ],
  [
    'llama.cpp',
    400,
    'request (14429 tokens) exceeds the available context size (8192 tokens), try increasing it',
    6_237,
  ],
  ['llama-cpp-python', 500, 'Requested tokens (5000) exceed context window of 512', 4_488],
  [
    'LM Studio',
    400,
    'Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough.',
    78_722,
  ],
  [
    'LM Studio',
    400,
    'The number of tokens to keep from the initial prompt is greater than the context length.',
    undefined,
  ],
  [
    'SGLang',
    400,
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    904,
  ],
  [
    'TGI',
    422,
    'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000',
    905,
  ],
  ['Ollama', 400, 'prompt too long; exceeded max context length by 123 tokens', 123],
  ['Ollama', 500, 'the input length exceeds the context length', undefined],
  ['MiniMax', 400, 'invalid params, context window exceeds limit (2013)', undefined],
  [
    'Qwen',
    400,
    '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]',
    undefined,
  ],
  [
    'LiteLLM',
    400,
    'litellm.ContextWindowExceededError: litellm.BadRequestError: OpenAIException - Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.',
    28_000,
  ],
  ['an unnamed one', 400, 'Sorry: exceed context limit', undefined],
])('what is too long says by how much: %s, %i', (_, status, said, over) => {
  for (const body of [
    openAi(said, { type: 'invalid_request_error' }),
    { error: said },
    { detail: said },
  ]) {
    const failure = failed(status, body)
    expect(failure).toMatchObject({ kind: 'permanent', code: 'context-too-long', elsewhere: true })
    expect(failure.message).not.toContain(said)
    if (over !== undefined) expect(failure.message).toContain(`It was ${over} tokens too many`)
  }
})

test('llama.cpp reports the sizes in separate fields', () => {
  const body = openAi('the request exceeds the available context size', {
    code: 400,
    type: 'exceed_context_size_error',
    n_prompt_tokens: 14_429,
    n_ctx: 8_192,
  })
  expect(failed(400, body).message).toContain('It accepts 8192 tokens. It was 6237 tokens too many')
})

test.each([
  [
    'Anthropic',
    'max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet-20241022',
    8_192,
  ],
  [
    'OpenAI',
    'max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.',
    16_384,
  ],
  ['DeepSeek', 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]', 8_192],
  [
    'Groq',
    '`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model',
    8_192,
  ],
  [
    'Bedrock',
    'The maximum tokens you requested exceeds the model limit of 8192. Try again with a maximum tokens value that is lower than 8192.',
    8_192,
  ],
  [
    'Anthropic, beside a long prompt',
    'input length and `max_tokens` exceed context limit: 180000 + 32000 > 200000, decrease input length or `max_tokens` and try again',
    20_000,
  ],
])('what a model can write at most is learnt: %s', (_, said, outputLimit) => {
  expect(failed(400, openAi(said))).toMatchObject({ kind: 'permanent', outputLimit })
})

test.each([
  [
    'OpenRouter, within the stream',
    { message: 'Rate limit exceeded', code: 429 },
    'rate-limited',
    'provider-rate-limited',
  ],
  [
    'a proxy, within the stream',
    { message: 'upstream failed', code: 502 },
    'transient',
    'provider-error',
  ],
  [
    'Anthropic, within the stream',
    { type: 'overloaded_error', message: 'Overloaded' },
    'overloaded',
    'provider-overloaded',
  ],
  [
    'vLLM, within the stream',
    {
      message:
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
      type: 'BadRequestError',
      code: 400,
    },
    'permanent',
    'context-too-long',
  ],
  [
    'llama.cpp, within the stream',
    { code: 500, message: 'context size exceeded', type: 'server_error' },
    'permanent',
    'context-too-long',
  ],
])('%s', (_, error, kind, code) => {
  expect(failureOf(error, 'local')).toMatchObject({ kind, code })
})
