import type { LanguageModel } from 'ai'
import type { Dialect } from './wire/provider-fetch.ts'

type ProviderModel = Extract<LanguageModel, { specificationVersion: 'v4' }>

/** Providers that are reached through a package of the AI SDK alone. */
export const OTHER_PROVIDERS = [
  'google',
  'bedrock',
  'azure',
  'mistral',
  'xai',
  'deepseek',
  'openrouter',
] as const
export type OtherProvider = (typeof OTHER_PROVIDERS)[number]

/** How to reach one of them. */
export interface OtherSettings {
  apiKey?: string | undefined
  /** Another address than the provider's own. */
  baseUrl?: string | undefined
  /** For Azure: the resource, which is part of its address. */
  resourceName?: string | undefined
  /** For Bedrock: its region, and keys instead of `apiKey`. */
  region?: string | undefined
  accessKeyId?: string | undefined
  secretAccessKey?: string | undefined
  sessionToken?: string | undefined
}

/** What has to be set for a provider. */
export const OTHER_NEEDS: Record<OtherProvider, string> = {
  google: 'GOOGLE_GENERATIVE_AI_API_KEY',
  bedrock:
    'AWS_REGION, and AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  azure: 'AZURE_API_KEY, and AZURE_RESOURCE_NAME or AZURE_BASE_URL',
  mistral: 'MISTRAL_API_KEY',
  xai: 'XAI_API_KEY',
  deepseek: 'DEEPSEEK_API_KEY',
  openrouter: 'OPENROUTER_API_KEY',
}

export function isOtherConfigured(provider: OtherProvider, settings: OtherSettings = {}): boolean {
  const { apiKey, baseUrl, resourceName, region, accessKeyId, secretAccessKey } = settings
  switch (provider) {
    case 'bedrock': {
      const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined
      return region !== undefined && (apiKey !== undefined || hasKeys)
    }
    case 'azure':
      return apiKey !== undefined && (resourceName !== undefined || baseUrl !== undefined)
    default:
      return apiKey !== undefined
  }
}

/** Loads the provider's package on its first use. */
export async function loadOtherModel(
  provider: OtherProvider,
  model: string,
  { apiKey = 'none', baseUrl, ...settings }: OtherSettings,
  providerFetch: (dialect: Dialect) => typeof globalThis.fetch,
): Promise<ProviderModel> {
  // Each package reads its provider's dialect itself.
  const fetch = providerFetch('own')
  const common = { apiKey, fetch, ...(baseUrl === undefined ? {} : { baseURL: baseUrl }) }
  switch (provider) {
    case 'google': {
      const { createGoogleGenerativeAI } = await import('@ai-sdk/google')
      return createGoogleGenerativeAI(common)(model)
    }
    case 'bedrock': {
      const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
      const { region, accessKeyId, secretAccessKey, sessionToken } = settings
      const hasToken = common.apiKey !== 'none'
      return createAmazonBedrock({
        fetch,
        ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
        ...(region === undefined ? {} : { region }),
        // With a token, the SDK would ignore keys anyway.
        ...(hasToken
          ? { apiKey }
          : {
              accessKeyId: accessKeyId ?? '',
              secretAccessKey: secretAccessKey ?? '',
              ...(sessionToken === undefined ? {} : { sessionToken }),
            }),
      })(model)
    }
    case 'azure': {
      const { createAzure } = await import('@ai-sdk/azure')
      const { resourceName } = settings
      // Every deployment speaks chat completions; few speak responses.
      return createAzure({
        ...common,
        fetch: providerFetch('chat'),
        ...(resourceName === undefined ? {} : { resourceName }),
      }).chat(model)
    }
    case 'mistral': {
      const { createMistral } = await import('@ai-sdk/mistral')
      return createMistral(common)(model)
    }
    case 'xai': {
      const { createXai } = await import('@ai-sdk/xai')
      return createXai(common)(model)
    }
    case 'deepseek': {
      const { createDeepSeek } = await import('@ai-sdk/deepseek')
      return createDeepSeek({ ...common, fetch: providerFetch('chat') })(model)
    }
    case 'openrouter': {
      const { createOpenRouter } = await import('@openrouter/ai-sdk-provider')
      return createOpenRouter({ ...common, compatibility: 'strict' })(model)
    }
  }
}
