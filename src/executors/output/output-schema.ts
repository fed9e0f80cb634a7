import type { Ajv as AjvBase, ErrorObject, ValidateFunction } from 'ajv'
import { Ajv } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { shorten } from '../../core/text/shorten.ts'
import { jsonTexts } from './json-text.ts'

const MAX_SCHEMA_CHARS = 256_000
const KEPT_SCHEMAS = 100
const MAX_PROBLEMS = 10
/** A validator keeps data about each schema, so it is replaced after this many. */
const SCHEMAS_PER_VALIDATOR = 200

/** The JSON in an answer that matches its schema, or what is wrong with it, in words. */
export type ReadJson =
  | { fits: true; text: string; data: unknown }
  | { fits: false; problems: string[] }

type Schema = Record<string, unknown>
type Dialect = new (options: object) => AjvBase

const compiled = new Map<string, ValidateFunction | string>()
const shared = new Map<Dialect, { ajv: AjvBase; left: number }>()

/**
 * The problem with a schema; `undefined` if there is none. Like `readJson`, it may run for ever:
 * patterns can on some texts, and recursive schemas on some answers. Callers' schemas are therefore
 * handled on threads, by `SchemaChecks`.
 */
export function schemaProblem(schema: Schema): string | undefined {
  const result = compile(schema)
  return typeof result === 'string' ? result : undefined
}

/** @throws For a schema with a `schemaProblem`. */
export function readJson(schema: Schema, text: string): ReadJson {
  const validate = compile(schema)
  if (typeof validate === 'string') throw new Error(`the schema ${validate}`)
  let problems = ['It holds no JSON.']
  let hasJson = false
  for (const candidate of jsonTexts(text)) {
    const data = parse(candidate)
    if (data === undefined) continue
    if (validate(data)) return { fits: true, text: candidate, data }
    // The first JSON is the most likely one.
    if (!hasJson) problems = (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(inWords)
    hasJson = true
  }
  return { fits: false, problems }
}

/** The tasks of a plan share a few schemas, and each is compiled once. */
function compile(schema: Schema): ValidateFunction | string {
  const key = JSON.stringify(schema)
  if (key.length > MAX_SCHEMA_CHARS) return `must not exceed ${MAX_SCHEMA_CHARS} characters`
  const known = compiled.get(key)
  if (known !== undefined) return known
  const result = compileAnew(schema, key)
  const oldest = compiled.keys().next()
  if (compiled.size >= KEPT_SCHEMAS && !oldest.done) compiled.delete(oldest.value)
  compiled.set(key, result)
  return result
}

function compileAnew(schema: Schema, text: string): ValidateFunction | string {
  const { $schema: dialect, ...rest } = schema
  const ajv = validatorFor(dialectOf(dialect), text)
  try {
    return ajv.compile(rest)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown'
    return `does not compile: ${shorten(message, 300, '…')}`
  } finally {
    ajv.removeSchema(rest)
  }
}

/** 2020-12, unless the schema declares an older dialect. */
function dialectOf(dialect: unknown): Dialect {
  if (typeof dialect !== 'string') return Ajv2020
  if (/draft-0[467]/.test(dialect)) return Ajv
  return dialect.includes('2019-09') ? Ajv2019 : Ajv2020
}

/**
 * Creating a validator takes longer than compiling most schemas, so validators are shared. A schema
 * with names gets its own validator, because its names would be visible to all others.
 */
function validatorFor(Validator: Dialect, schemaText: string): AjvBase {
  if (/"\$(id|anchor|dynamicAnchor|recursiveAnchor)"/.test(schemaText)) return validator(Validator)
  let entry = shared.get(Validator)
  if (entry === undefined || entry.left === 0) {
    entry = { ajv: validator(Validator), left: SCHEMAS_PER_VALIDATOR }
    shared.set(Validator, entry)
  }
  entry.left -= 1
  return entry.ajv
}

function validator(Validator: Dialect): AjvBase {
  const ajv = new Validator({
    allErrors: true,
    strict: false,
    logger: false,
    // A definition that is referenced a thousand times is compiled once.
    inlineRefs: false,
  })
  formats.default(ajv)
  return ajv
}

function inWords({ instancePath, message, params }: ErrorObject): string {
  const place = instancePath === '' ? 'The JSON' : instancePath
  const { additionalProperty, allowedValues } = params as Record<string, unknown>
  const detail = allowedValues ?? additionalProperty
  return `${place} ${message ?? 'is wrong'}${detail === undefined ? '' : ` (${JSON.stringify(detail)})`}`
}

/** JSON has no `undefined`, so it can stand for text that is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
