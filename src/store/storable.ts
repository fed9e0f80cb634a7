/** A JSON escape, of a character or of a UTF-16 unit. */
const ESCAPE = /\\(?:u[0-9a-f]{4}|.)/g
const LONE_SURROGATE = /^\\ud[89a-f]/

/**
 * JSON that everything can read. Output of models and other services may contain half a character,
 * which Redis's scripts reject, as many clients do. It becomes U+FFFD, as in `toWellFormed`.
 */
export function storableJson(value: unknown): string {
  return wellFormedJson(JSON.stringify(value))
}

/** The same for text written by `JSON.stringify`, which escapes only such halves. */
export function wellFormedJson(json: string): string {
  if (!json.includes('\\ud')) return json
  return json.replace(ESCAPE, (one) => (LONE_SURROGATE.test(one) ? '\ufffd' : one))
}
