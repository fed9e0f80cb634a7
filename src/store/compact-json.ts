import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Below this, compression saves little and slows down submissions. */
const COMPRESSED_FROM_CHARS = 2_000
const COMPRESSED = 'z'

/**
 * Compact JSON. Compresses on the calling thread: large submissions have a thread of their own, and
 * the fastest level takes a few milliseconds per megabyte.
 */
export function compactJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (json.length < COMPRESSED_FROM_CHARS) return json
  return COMPRESSED + deflateRawSync(json, { level: 1 }).toString('base64')
}

export function fromCompactJson(text: string): unknown {
  if (!text.startsWith(COMPRESSED)) return JSON.parse(text)
  return JSON.parse(inflateRawSync(Buffer.from(text.slice(1), 'base64')).toString())
}
