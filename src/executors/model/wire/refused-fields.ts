import { shorten } from '../../../core/text/shorten.ts'
import { isObject, type JsonObject } from './json.ts'

/**
 * Fields that can be dropped without changing a call much: servers and models differ in which they
 * know.
 */
const OPTIONAL = [
  'stream_options',
  'temperature',
  'top_p',
  'seed',
  'reasoning_effort',
  'prompt_cache_key',
  'store',
  'parallel_tool_calls',
  'tool_choice',
  'thinking',
  'output_config',
] as const

/** Two names for the same limit. */
const RENAMED: Record<string, string> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
}

const REFUSALS = new Set([400, 404, 415, 422, 500, 501])
const UNKNOWN =
  /unsupported|not (?:supported|permitted|allowed|recogni[sz]ed|available|implemented)|unknown|unrecogni[sz]ed|unexpected|extra (?:inputs|fields)|extra_forbidden|additional propert|does not (?:support|exist)|invalid (?:param|field|argument)|deprecated|no such (?:param|field)|only the default/i
const MOST_TRIES = 6

/** Retries without fields that a server rejects by name, and omits them from then on. */
export function withoutRefusedFields(call: typeof fetch): typeof fetch {
  const changes: ((body: JsonObject) => void)[] = []
  return async (input, init) => {
    const asked = bodyOf(init?.body)
    if (asked === undefined) return call(input, init)
    for (let tries = 1; ; tries += 1) {
      const body = { ...asked }
      for (const change of changes) change(body)
      const response = await call(input, { ...init, body: JSON.stringify(body) })
      if (response.ok || !REFUSALS.has(response.status)) return response
      const said = await response.text()
      const change = tries < MOST_TRIES ? remedyFor(said, body) : undefined
      if (change === undefined) return new Response(said, response)
      changes.push(change)
    }
  }
}

function remedyFor(said: string, body: JsonObject): ((body: JsonObject) => void) | undefined {
  // If a server repeats the request, it does so after its own words.
  const words = shorten(said, 1_500)
  if (!UNKNOWN.test(words)) return undefined
  for (const [name, other] of Object.entries(RENAMED)) {
    // "Use the other one instead" names both, the rejected one first.
    const isNamed =
      words.includes(name) &&
      (words.indexOf(name) <= words.indexOf(other) || !words.includes(other))
    if (
      name in body &&
      isNamed &&
      /unsupported|not supported|unknown|unrecogni[sz]ed|extra/i.test(words)
    ) {
      return (next) => {
        next[other] = next[name]
        delete next[name]
      }
    }
  }
  const refused = OPTIONAL.find((name) => name in body && named(words, name))
  return refused === undefined ? undefined : (next) => delete next[refused]
}

/** Also matches `reasoning.effort`, or the rejected member of a field. */
function named(words: string, name: (typeof OPTIONAL)[number]): boolean {
  if (name === 'stream_options') return /stream_options|include_usage/.test(words)
  if (name === 'output_config') return /output_config|\beffort\b/.test(words)
  if (name === 'thinking') return /\bthinking\b/.test(words)
  return words.includes(name)
}

function bodyOf(body: unknown): JsonObject | undefined {
  if (typeof body !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
