import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Below it compression saves little, and costs the time of a submission. */
const COMPRESSED_FROM_CHARS = 2_000
const COMPRESSED = 'z'

/**
 * JSON in little room. Compressed on the thread it is called on: what is large is submitted on one of its
 * own, and the fastest level takes a few milliseconds a megabyte.
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
