import { createHash, timingSafeEqual } from 'node:crypto'

export const SCOPES = ['read', 'write', 'admin'] as const
/**
 * `read`: reading. `write`: submitting and changing. `admin`: queues and metrics. None includes
 * another.
 */
export type Scope = (typeof SCOPES)[number]

/** Who a request comes from. */
export interface Caller {
  tenant: string
  scopes: ReadonlySet<Scope>
}

/**
 * Keyed by the SHA-256 of the API key, in lower-case hex. A tenant may have several keys, so that
 * they can be rotated.
 */
export type ApiKeys = ReadonlyMap<string, Caller>

const DEFAULT_SCOPES: Scope[] = ['read', 'write']

/** A slug, because a tenant becomes part of Redis keys. */
const ENTRY =
  /^(?<tenant>[a-z0-9][a-z0-9_-]{0,62}):(?<digest>[0-9a-f]{64})(?::(?<scopes>[a-z+]+))?$/i

/**
 * Parses `tenant:sha256-of-key[:scope+scope]`, comma-separated. Without scopes a key may read and
 * write.
 *
 * @throws {Error} Identifies the entry by its position, never by its text.
 */
export function parseApiKeys(text: string): Map<string, Caller> {
  const keys = new Map<string, Caller>()
  const entries = text.split(',').map((entry) => entry.trim())
  for (const [index, entry] of entries.entries()) {
    if (entry === '') continue
    const { tenant, digest, scopes } = ENTRY.exec(entry)?.groups ?? {}
    if (tenant === undefined || digest === undefined) {
      throw new Error(`entry ${index + 1} is not tenant:sha256-of-key[:scope+scope]`)
    }
    const sha256 = digest.toLowerCase()
    if (keys.has(sha256)) throw new Error(`entry ${index + 1} repeats the key of another entry`)
    keys.set(sha256, { tenant, scopes: new Set(scopesOf(scopes, index)) })
  }
  return keys
}

function scopesOf(text: string | undefined, index: number): Scope[] {
  if (text === undefined) return DEFAULT_SCOPES
  return text.split('+').map((name) => {
    const scope = SCOPES.find((known) => known === name)
    if (scope === undefined) {
      throw new Error(`entry ${index + 1} has an unknown scope; there are ${SCOPES.join(', ')}`)
    }
    return scope
  })
}

/**
 * Finds the caller that a key belongs to. Compares with every known key in constant time, so that
 * the time reveals nothing about them.
 */
export function keyFinder(keys: ApiKeys): (key: string) => Caller | undefined {
  const known = [...keys].map(([digest, caller]) => ({
    digest: Buffer.from(digest, 'hex'),
    caller,
  }))
  return (key) => {
    const digest = createHash('sha256').update(key).digest()
    let found: Caller | undefined
    for (const entry of known) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.caller
    }
    return found
  }
}
