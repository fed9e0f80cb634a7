import type { Readable } from 'node:stream'

/** What is kept of a program's standard error, in bytes: the end, where it says what went wrong. */
const KEPT_BYTES = 65_536
/** A shorter value is too common a text to take out. */
const SHORTEST_SECRET = 6
const MASK = '[masked]'

/** Reads standard error to its end, so that its writer never waits. */
export function errorOutput(
  stream: Readable,
  env: Readonly<Record<string, string>>,
): { text(): string } {
  // A secret that is cut at the beginning would not be known.
  const longest = Math.max(0, ...secretsOf(env).map((secret) => Buffer.byteLength(secret)))
  let kept = Buffer.alloc(0)
  let isCut = false
  stream.on('data', (bytes: Buffer) => {
    kept = Buffer.concat([kept, bytes])
    if (kept.length <= KEPT_BYTES + longest) return
    kept = kept.subarray(kept.length - KEPT_BYTES - longest)
    isCut = true
  })
  stream.on('error', () => {})
  return {
    text() {
      const text = masked(kept.toString('utf8'), env)
      if (!isCut) return text
      // Of a character of several bytes only a part may be left.
      return text.slice(longest).replace(/^\uFFFD+/, '')
    },
  }
}

/** A text without the values of an environment. */
export function masked(text: string, env: Readonly<Record<string, string>>): string {
  return secretsOf(env).reduce((rest, secret) => rest.replaceAll(secret, MASK), text)
}

/** The longest first: one may be a part of another. */
function secretsOf(env: Readonly<Record<string, string>>): string[] {
  const values = Object.values(env).flatMap((value) => [value, encodeURIComponent(value)])
  const secrets = [...new Set(values)].filter(({ length }) => length >= SHORTEST_SECRET)
  return secrets.sort((a, b) => b.length - a.length)
}
