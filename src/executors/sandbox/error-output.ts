import type { Readable } from 'node:stream'
import type { Confinement } from './confinement.ts'

/** Bytes that are kept of a program's standard error: the end, which says what went wrong. */
const KEPT_BYTES = 65_536
/** A shorter value is too common to be masked. */
const SHORTEST_SECRET = 6
const MASK = '[masked]'

type Hidden = Pick<Confinement, 'env' | 'secrets'>

/** Reads standard error to its end, so that its writer never blocks. */
export function errorOutput(stream: Readable, hidden: Hidden): { text(): string } {
  // A secret whose beginning is cut off could not be recognised.
  const longest = Math.max(0, ...secretsOf(hidden).map((secret) => Buffer.byteLength(secret)))
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
      const text = masked(kept.toString('utf8'), hidden)
      if (!isCut) return text
      // Part of a multi-byte character may be left.
      return text.slice(longest).replace(/^\uFFFD+/, '')
    },
  }
}

/** Masks the values of an environment, and the secrets in them, in a text. */
export function masked(text: string, hidden: Hidden): string {
  return secretsOf(hidden).reduce((rest, secret) => rest.replaceAll(secret, MASK), text)
}

/** The longest first, because one may be part of another. */
function secretsOf({ env, secrets: parts = [] }: Hidden): string[] {
  const values = [...Object.values(env), ...parts].flatMap((value) => [
    value,
    encodeURIComponent(value.toWellFormed()),
  ])
  const secrets = [...new Set(values)].filter(({ length }) => length >= SHORTEST_SECRET)
  return secrets.sort((a, b) => b.length - a.length)
}
