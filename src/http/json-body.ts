import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ParseError, parse as parseTolerantly, printParseErrorCode } from 'jsonc-parser'
import { safeParse } from 'secure-json-parse'
import type { ServiceError } from '../core/contract/errors.ts'
import { HttpProblem, invalidRequest } from './problems/problem.ts'

/** Larger bodies are not parsed on the thread that serves requests. */
export const PARSED_HERE_BYTES = 256 * 1024

/** No honest body nests deeper, and recursive code must not overflow the stack. */
const MAX_DEPTH = 128

/**
 * Accepts only JSON bodies. A large one is passed on as bytes; a route that allows such bodies must
 * expect a `Buffer`. An empty body counts as none, whatever its type.
 */
export function addJsonParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, bytes: Buffer) => {
      if (bytes.length === 0) return undefined
      return bytes.length > PARSED_HERE_BYTES ? bytes : parseJsonBody(bytes)
    },
  )
  // Many clients declare a type although they send no body.
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['content-length'] === '0') delete headers['content-type']
    const coding = headers['content-encoding']?.trim().toLowerCase() || 'identity'
    if (coding !== 'identity') {
      throw new HttpProblem(
        'unsupported-media-type',
        'The body must be sent as it is, without a `Content-Encoding`.',
        // As RFC 9110, section 15.5.16, prescribes for an unsupported coding.
        { headers: { 'accept-encoding': 'identity' } },
      )
    }
  })
}

/**
 * Parses a JSON body. Rejects one that is not UTF-8, nests too deep, or would set a prototype.
 *
 * @throws {ServiceError} invalid-request, with the line and column of a syntax error.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw invalidJson('is not UTF-8')
  if (nestsTooDeep(bytes)) throw invalidJson(`nests deeper than ${MAX_DEPTH} levels`)
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  const value: unknown = safeParse(text)
  if (value === undefined) throw invalidJson(describeMistake(text))
  if (value === null && text.trim() !== 'null') {
    throw invalidJson('holds a forbidden key, such as "__proto__"')
  }
  return value
}

function invalidJson(mistake: string): ServiceError {
  return invalidRequest(`The body is not valid JSON: it ${mistake}.`, [
    { pointer: '', detail: mistake },
  ])
}

/**
 * Parses again to find the place: V8 gives it for some mistakes only, and quotes the body for
 * others.
 */
function describeMistake(text: string): string {
  const errors: ParseError[] = []
  parseTolerantly(text, errors, { disallowComments: true })
  const [first] = errors
  if (first === undefined) return 'is malformed'
  // `PropertyNameExpected` → `property name expected`
  const words = printParseErrorCode(first.error).replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
  return `has a mistake at ${placeOf(text, first.offset)} (${words.toLowerCase()})`
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Non-ASCII bytes in UTF-8 are never one of these characters, so no decoding is needed. */
function nestsTooDeep(bytes: Buffer): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (inString) {
      if (byte === BACKSLASH) index++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++
      if (depth > MAX_DEPTH) return true
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
  }
  return false
}
