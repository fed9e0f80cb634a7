import type { Readable } from 'node:stream'

/** Bytes that are kept of a program's standard error: the end, which says what went wrong. */
const KEPT_BYTES = 65_536
/** A shorter value is too common to be masked. */
const SHORTEST_SECRET = 6
const MASK = '[masked]'

/** Reads standard error to its end, so that its writer never blocks. */
export function errorOutput(
  stream: Readable,
  env: Readonly<Record<string, string>>,
): { text(): string } {
  // A secret whose beginning is cut off could not be recognised.
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
      // Part of a multi-byte character may be left.
      return text.slice(longest).replace(/^\uFFFD+/, '')
    },
  }
}

/** Masks the values of an environment in a text. */
export function masked(text: string, env: Readonly<Record<string, string>>): string {
  return secretsOf(env).reduce((rest, secret) => rest.replaceAll(secret, MASK), text)
}

/** The longest first, because one may be part of another. */
function secretsOf(env: Readonly<Record<string, string>>): string[] {
  const values = Object.values(env).flatMap((value) => [value, encodeURIComponent(value)])
  const secrets = [...new Set(values)].filter(({ length }) => length >= SHORTEST_SECRET)
  return secrets.sort((a, b) => b.length - a.length)
}
