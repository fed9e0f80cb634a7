import { createContext, Script } from 'node:vm'
import type { Ajv as AjvBase, ErrorObject, ValidateFunction } from 'ajv'
import { Ajv } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { jsonTexts } from './json-text.ts'

const MAX_SCHEMA_CHARS = 256_000
/** A pattern of the schema may take for ever on some texts, and would stop the whole process. */
const TIME_LIMIT_MS = 1_000
const KEPT_SCHEMAS = 100
const MAX_PROBLEMS = 10

/** A JSON Schema, compiled. */
export interface OutputSchema {
  /** The JSON that an answer holds, where some of it fits; else what is wrong with it, in words. */
  read(
    text: string,
  ): { fits: true; text: string; data: unknown } | { fits: false; problems: string[] }
}

type Schema = Record<string, unknown>

const compiled = new Map<string, OutputSchema | string>()

/** What is wrong with a schema; `undefined` when nothing is. */
export function schemaProblem(schema: Schema): string | undefined {
  const result = compile(schema)
  return typeof result === 'string' ? result : undefined
}

/** @throws For a schema with a `schemaProblem`. */
export function outputSchema(schema: Schema): OutputSchema {
  const result = compile(schema)
  if (typeof result === 'string') throw new Error(`the schema ${result}`)
  return result
}

/** The tasks of one plan share a few schemas: each is compiled once. */
function compile(schema: Schema): OutputSchema | string {
  const key = JSON.stringify(schema)
  if (key.length > MAX_SCHEMA_CHARS) return `must not exceed ${MAX_SCHEMA_CHARS} characters`
  const known = compiled.get(key)
  if (known !== undefined) return known
  const result = compileAnew(schema)
  const oldest = compiled.keys().next()
  if (compiled.size >= KEPT_SCHEMAS && !oldest.done) compiled.delete(oldest.value)
  compiled.set(key, result)
  return result
}

function compileAnew(schema: Schema): OutputSchema | string {
  const { $schema: dialect, ...rest } = schema
  const Validator = dialectOf(dialect)
  try {
    const ajv = new Validator({ allErrors: true, strict: false, logger: false })
    formats.default(ajv)
    const validate = withinTime(() => ajv.compile(rest))
    return { read: (text) => read(text, validate) }
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown'
    return `does not compile: ${message.slice(0, 300)}`
  }
}

/** 2020-12, unless the schema says that it is older. */
function dialectOf(dialect: unknown): new (options: object) => AjvBase {
  if (typeof dialect !== 'string') return Ajv2020
  if (/draft-0[467]/.test(dialect)) return Ajv
  return dialect.includes('2019-09') ? Ajv2019 : Ajv2020
}

function read(text: string, validate: ValidateFunction): ReturnType<OutputSchema['read']> {
  let problems = ['It holds no JSON.']
  let hasJson = false
  for (const candidate of jsonTexts(text)) {
    const data = parse(candidate)
    if (data === undefined) continue
    try {
      if (withinTime(() => validate(data))) return { fits: true, text: candidate, data }
    } catch {
      return { fits: false, problems: ['It could not be checked in time.'] }
    }
    // The first JSON is what was most likely meant.
    if (!hasJson) problems = (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(inWords)
    hasJson = true
  }
  return { fits: false, problems }
}

function inWords({ instancePath, message, params }: ErrorObject): string {
  const place = instancePath === '' ? 'The JSON' : instancePath
  const { additionalProperty, allowedValues } = params as Record<string, unknown>
  const detail = allowedValues ?? additionalProperty
  return `${place} ${message ?? 'is wrong'}${detail === undefined ? '' : ` (${JSON.stringify(detail)})`}`
}

/** JSON has no `undefined`, so that it can stand for a text that is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const callIt = new Script('call()')

/** Calls a function that is ended when it takes too long, in the middle of a regular expression too. */
function withinTime<T>(call: () => T): T {
  return callIt.runInContext(createContext({ call }), { timeout: TIME_LIMIT_MS }) as T
}
