import type { LanguageModel } from 'ai'
import type { Providers } from './options.ts'
import {
  isOtherConfigured,
  loadOtherModel,
  OTHER_NEEDS,
  OTHER_PROVIDERS,
} from './other-providers.ts'

/** A model as implemented by the AI SDK's providers. */
export type ProviderModel = Extract<LanguageModel, { specificationVersion: 'v4' }>

export const PROVIDERS = ['anthropic', 'openai', 'local', ...OTHER_PROVIDERS] as const
export type Provider = (typeof PROVIDERS)[number]

/** Splits `provider:model`; `undefined` for an unknown provider. */
export function parseModel(name: string): { provider: Provider; model: string } | undefined {
  const colon = name.indexOf(':')
  const provider = PROVIDERS.find((known) => known === name.slice(0, colon))
  return provider === undefined ? undefined : { provider, model: name.slice(colon + 1) }
}

/** Problems with a model's name that can be found without asking the provider. */
export function modelProblem(name: string, providers: Providers): string | undefined {
  const parsed = parseModel(name)
  if (parsed === undefined) {
    return `names an unknown provider; known are ${PROVIDERS.map((provider) => `\`${provider}:\``).join(', ')}`
  }
  if (parsed.model === '') return 'names no model'
  return isConfigured(parsed.provider, providers)
    ? undefined
    : `names the provider \`${parsed.provider}\`, which is not configured here: the operator has to set ${NEEDS[parsed.provider]}`
}

/** The variable that configures each provider. */
const NEEDS: Record<Provider, string> = {
  anthropic: 'ANTHROPIC_API_KEY',
  openai: 'OPENAI_API_KEY',
  local: 'LOCAL_BASE_URL',
  ...OTHER_NEEDS,
}

export function isConfigured(provider: Provider, providers: Providers): boolean {
  switch (provider) {
    case 'anthropic':
      return providers.anthropicApiKey !== undefined || providers.anthropicBaseUrl !== undefined
    case 'openai':
      return providers.openaiApiKey !== undefined || providers.openaiBaseUrl !== undefined
    case 'local':
      return providers.localBaseUrl !== undefined
    default:
      return isOtherConfigured(provider, providers.others?.[provider])
  }
}

/** Loads the provider's package on first use. `name` must not have a `modelProblem`. */
export async function loadModel(
  name: string,
  providers: Providers,
  /** Takes the place of the network. */
  ownFetch?: typeof fetch,
): Promise<ProviderModel> {
  const { provider, model } = parseModel(name) ?? { provider: 'local', model: name }
  // Always set, so that no package looks for a key in the environment.
  const noKey = 'none'
  const wire = await import('./wire/provider-fetch.ts')
  const providerFetch: typeof wire.providerFetch = (dialect) =>
    ownFetch ?? wire.providerFetch(dialect)
  switch (provider) {
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      const { anthropicApiKey: apiKey = noKey, anthropicBaseUrl } = providers
      const baseURL = versioned(anthropicBaseUrl ?? 'https://api.anthropic.com')
      return createAnthropic({ apiKey, baseURL, fetch: providerFetch('messages') })(model)
    }
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      const { openaiApiKey: apiKey = noKey, openaiBaseUrl } = providers
      if (openaiBaseUrl === undefined) {
        const baseURL = 'https://api.openai.com/v1'
        return createOpenAI({ apiKey, baseURL, fetch: providerFetch('own') })(model)
      }
      // Servers that stand in for OpenAI's all support chat completions; few support responses.
      const baseURL = rooted(openaiBaseUrl)
      return createOpenAI({ apiKey, baseURL, fetch: providerFetch('chat') }).chat(model)
    }
    case 'local': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      return createOpenAICompatible({
        name: 'local',
        baseURL: rooted(providers.localBaseUrl ?? ''),
        includeUsage: true,
        supportsStructuredOutputs: true,
        fetch: providerFetch('chat'),
      })(model)
    }
    default: {
      return loadOtherModel(provider, model, providers.others?.[provider] ?? {}, providerFetch)
    }
  }
}

/** Anthropic's base URLs are written without the version: `https://api.anthropic.com`. */
export function versioned(url: string): string {
  const base = url.replace(/(?<!\/)\/+$/, '')
  return base.endsWith('/v1') ? base : `${base}/v1`
}

/** OpenAI's are written with it. A bare host, as is common for Ollama, means `/v1`. */
export function rooted(url: string): string {
  const base = url.replace(/(?<!\/)\/+$/, '')
  return URL.parse(base)?.pathname === '/' ? `${base}/v1` : base
}
