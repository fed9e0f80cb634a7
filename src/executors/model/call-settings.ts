import { PRICES } from '../../core/prices.ts'
import { localModelGate } from './calls/local-gate.ts'
import type { Candidate } from './calls/model-caller.ts'
import { localPrefixGate } from './calls/prefix-gate.ts'
import { loadModel, parseModel } from './models.ts'
import type { ModelOptions, ModelSetup, Providers } from './options.ts'

/** A setup with nothing left open. */
export type ResolvedSetup = Required<ModelSetup>

export function resolveSetup(setup: ModelSetup): ResolvedSetup {
  return {
    gate: localModelGate(),
    prefixes: localPrefixGate(),
    prices: PRICES,
    log: { info() {}, warn() {} },
    ...setup,
  }
}

/** Enough for a long report. Anthropic's API needs a limit; the SDK's own for unknown models is low. */
const MAX_OUTPUT_TOKENS = 16_000

/**
 * What every call of a task is made with. A local server gets no limit that nobody asked for: one
 * above its context's size makes some of them refuse the call.
 */
export function callSettings(options: {
  options: Pick<ModelOptions, 'maxOutputTokens'>
  model: string
  providers: Providers
  /** Calls with the same key are sent to where the prefix is cached. */
  cacheKey: string
}) {
  const { maxOutputTokens } = options.options
  const isLocal = parseModel(options.model)?.provider === 'local'
  const limit = maxOutputTokens ?? (isLocal ? undefined : MAX_OUTPUT_TOKENS)
  // Servers that stand in for OpenAI's may not know what only OpenAI knows.
  const isOpenAi = options.providers.openaiBaseUrl === undefined
  return {
    ...(limit === undefined ? {} : { maxOutputTokens: limit }),
    providerOptions: {
      openai: {
        // In strict mode it refuses most schemas that people write.
        strictJsonSchema: false,
        ...(isOpenAi ? { promptCacheKey: options.cacheKey, store: false } : {}),
      },
    },
  }
}

/** The wanted model and those to fall back to. None of them has a `modelProblem`. */
export async function candidatesFor(
  models: readonly [string, ...string[]],
  providers: Providers,
): Promise<[Candidate, ...Candidate[]]> {
  const candidate = async (name: string): Promise<Candidate> => ({
    name,
    provider: parseModel(name)?.provider ?? 'local',
    model: await loadModel(name, providers),
  })
  const [first, ...others] = models
  return [await candidate(first), ...(await Promise.all(others.map(candidate)))]
}
