// Keeps secrets out of what a review shows: evidence is a line of code, which may contain one.

const MASK = '****'
const STRING = /(['"`])(?:\\.|(?!\1).)*(?:\1|$)/g
/** A value assigned to a secret-sounding name, quoted or, as in `.env` files, unquoted. */
const NAMED =
  /((?:passw(?:or)?d|passphrase|secret|credential|api[_-]?key|private[_-]?key|access[_-]?key|token|auth)\w*['"\]]*\s*(?::|=>?|\|\||\?\?)\s*)(?:(['"`])(?:\\.|(?!\2).)*(?:\2|$)|[^\s'"`,;(){}[\]]{8,}(?=\s*$))/gi
const IN_ADDRESS = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@'"`]*:)[^\s/@'"`]+(@)/gi
const BEARER = /\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}/g
/** Calls whose arguments are often keys. */
const KEY_CALL =
  /\b(?:sign|verify|createHmac|createCipheriv|createDecipheriv|scrypt\w*|pbkdf2\w*|createSecretKey)\s*\(/
const NOT_SECRET =
  /^['"`](?:md\d|sha-?\d[\w-]*|aes[\w-]*|des[\w-]*|rc\d[\w-]*|chacha[\w-]*|[HREP]S\d{3}|EdDSA|none|hex|base64(?:url)?|utf-?8|latin1|ascii|binary|)['"`]$/i

/** A line of code without values whose names suggest that they are secret. */
export function maskLine(line: string): string {
  const masked = line
    .replace(
      NAMED,
      (_, name: string, quote: string | undefined) => `${name}${quote ?? ''}${MASK}${quote ?? ''}`,
    )
    .replace(IN_ADDRESS, `$1${MASK}$2`)
    .replace(BEARER, `$1${MASK}`)
  return KEY_CALL.test(masked) ? maskStrings(masked) : masked
}

/** A line of code without any quoted text, for a line that is known to contain a secret. */
export function maskStrings(line: string): string {
  return line.replace(STRING, (text, quote: string, offset: number) => {
    const isKey =
      /(?:^|[{,])\s*$/.test(line.slice(0, offset)) && /^\s*:/.test(line.slice(offset + text.length))
    return isKey || NOT_SECRET.test(text) ? text : `${quote}${MASK}${quote}`
  })
}

/** `text` with the ranges masked; line breaks stay, so that line numbers do not change. */
export function maskRanges(text: string, ranges: readonly (readonly [number, number])[]): string {
  let masked = ''
  let at = 0
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (end <= at) continue
    const from = Math.max(start, at)
    masked += text.slice(at, from) + MASK + text.slice(from, end).replace(/[^\n]/g, '')
    at = end
  }
  return masked + text.slice(at)
}
