import { PRICES } from '../../core/budget/prices.ts'
import { prefixGate } from '../../core/model-gate/prefix-gate.ts'
import { NO_TRACER } from '../../core/ports/tracing.ts'
import { CHECKS_HERE } from '../output/schema-checks.ts'
import { localModelGate } from './calls/local-gate.ts'
import type { Candidate } from './calls/model-caller.ts'
import { loadModel, parseModel } from './models.ts'
import type { ModelOptions, ModelSetup, Providers } from './options.ts'

/** A setup with nothing left open. */
export type ResolvedSetup = Required<ModelSetup>

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
 * What every call of a task is made with. A limit of output tokens is set here only where somebody
 * asked for one: see `MAX_OUTPUT_TOKENS`.
 */
export function callSettings(options: {
  maxOutputTokens?: number | undefined
  effort?: ModelOptions['effort']
  temperature?: number | undefined
  seed?: number | undefined
  providers: Providers
  /** Calls with the same key are sent to where the prefix is cached. */
  cacheKey: string
}) {
  const { maxOutputTokens, effort, temperature, seed, providers, cacheKey } = options
  // Servers that stand in for OpenAI's may not know what only OpenAI knows.
  const isOpenAi = providers.openaiBaseUrl === undefined
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(effort === undefined ? {} : { reasoning: effort }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    providerOptions: {
      openai: {
        // In strict mode it refuses most schemas that people write.
        strictJsonSchema: false,
        ...(isOpenAi ? { promptCacheKey: cacheKey, store: false } : {}),
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
