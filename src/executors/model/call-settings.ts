import { PRICES } from '../../core/budget/prices.ts'
import { prefixGate } from '../../core/model-gate/prefix-gate.ts'
import { NO_TRACER } from '../../core/ports/tracing.ts'
import { CHECKS_HERE } from '../output/schema-checks.ts'
import { localModelGate } from './calls/local-gate.ts'
import type { Candidate } from './calls/model-caller.ts'
import { loadModel, parseModel } from './models.ts'
import type { ModelOptions, ModelSetup, Providers } from './options.ts'

/** A setup with all defaults filled in. */
export type ResolvedSetup = Required<Omit<ModelSetup, 'batches'>> & Pick<ModelSetup, 'batches'>

export function resolveSetup(setup: ModelSetup): ResolvedSetup {
  return {
    gate: localModelGate(),
    prefixes: prefixGate({ now: Date.now }),
    prices: PRICES,
    tracer: NO_TRACER,
    log: { info() {}, warn() {} },
    schemas: CHECKS_HERE,
    ...setup,
  }
}

/**
 * The settings of every call of a task. A limit of output tokens is set here only if somebody asked
 * for one: see `MAX_OUTPUT_TOKENS`.
 */
export function callSettings(options: {
  maxOutputTokens?: number | undefined
  effort?: ModelOptions['effort']
  temperature?: number | undefined
  seed?: number | undefined
  providers: Providers
  /** Calls with the same key are routed to where their prefix is cached. */
  cacheKey: string
}) {
  const { maxOutputTokens, effort, temperature, seed, providers, cacheKey } = options
  // Servers that stand in for OpenAI's may not know OpenAI's own options.
  const isOpenAi = providers.openaiBaseUrl === undefined
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(effort === undefined ? {} : { reasoning: effort }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    providerOptions: {
      openai: {
        // Strict mode rejects most schemas that people write.
        strictJsonSchema: false,
        ...(isOpenAi ? { promptCacheKey: cacheKey, store: false } : {}),
      },
    },
  }
}

/** The chosen model and its fallbacks. None of them may have a `modelProblem`. */
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
