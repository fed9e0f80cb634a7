import type { ProviderModel } from '../models.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/** Estimated tokens from which a provider may cache a prefix: the smallest minimum of any model. */
export const CACHEABLE_TOKENS = 1_024
/** From this length it pays to let one call go ahead while the others wait for the cache. */
export const WORTH_WAITING_TOKENS = 4_096

/** Marks the end of a prefix for Anthropic; other providers cache automatically and ignore it. */
export const CACHE_BREAKPOINT = { anthropic: { cacheControl: { type: 'ephemeral' as const } } }

/**
 * In a conversation that continues, everything so far is read again with every further call. A
 * breakpoint after the last message makes that cheap.
 */
export function withCacheBreakpoint(call: CallOptions, goesOn: boolean): CallOptions {
  const last = call.prompt.at(-1)
  if (!goesOn || last === undefined) return call
  const marked = { ...last, providerOptions: { ...last.providerOptions, ...CACHE_BREAKPOINT } }
  return { ...call, prompt: call.prompt.with(-1, marked) }
}
