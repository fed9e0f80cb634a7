import type { ProviderModel } from '../models.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/** Tokens, estimated, from which a provider may cache a prefix: the least that any model asks for. */
export const CACHEABLE_TOKENS = 1_024
/** From here on it pays to let one call go ahead and the others wait for the cache. */
export const WORTH_WAITING_TOKENS = 4_096

/** Marks the end of a prefix for Anthropic; the others cache on their own and do not read it. */
export const CACHE_BREAKPOINT = { anthropic: { cacheControl: { type: 'ephemeral' as const } } }

/**
 * In a conversation that goes on, what was said until now is read again with every further call: a
 * breakpoint behind the last message makes that cheap.
 */
export function withCacheBreakpoint(call: CallOptions, goesOn: boolean): CallOptions {
  const last = call.prompt.at(-1)
  if (!goesOn || last === undefined) return call
  const marked = { ...last, providerOptions: { ...last.providerOptions, ...CACHE_BREAKPOINT } }
  return { ...call, prompt: call.prompt.with(-1, marked) }
}
