import type { ProviderModel } from '../models.ts'
import type { Part } from './answer-parts.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]
type Schema = Record<string, unknown>

/**
 * The answer with its tool arguments as they were meant: `null` for an optional one means "not
 * given", and a number or JSON object written as a string is what the string says.
 */
export function withMeantInputs(parts: Part[], tools: CallOptions['tools']): Part[] {
  const schemas = new Map(
    (tools ?? []).flatMap((tool) =>
      tool.type === 'function' ? [[tool.name, tool.inputSchema as Schema] as const] : [],
    ),
  )
  return parts.map((part) => {
    if (part.type !== 'tool-call') return part
    const schema = schemas.get(part.toolName)
    const value = parsed(part.input)
    if (schema === undefined || value === undefined) return part
    // Some servers encode the arguments twice.
    const once = typeof value === 'string' ? (parsed(value) ?? value) : value
    const meant = meantBy(once, schema)
    return { ...part, input: JSON.stringify(meant) }
  })
}

function meantBy(value: unknown, schema: Schema): unknown {
  if (!isObject(value) || !isObject(schema.properties)) return asType(value, schema)
  const { properties } = schema
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : []
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const own = properties[name]
      if (!isObject(own)) return [[name, member]]
      if (member === null && !required.includes(name) && !takesNull(own)) return []
      return [[name, meantBy(member, own)]]
    }),
  )
}

function asType(value: unknown, { type }: Schema): unknown {
  if (typeof value !== 'string') return value
  const isNumber = type === 'integer' || type === 'number'
  if (isNumber && /^-?\d+(?:\.\d+)?$/.test(value.trim())) return Number(value)
  if (type === 'boolean' && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  if (type === 'array' || type === 'object') return parsed(value) ?? value
  return value
}

function takesNull({ type, anyOf, oneOf, nullable, enum: values, ...rest }: Schema): boolean {
  const types = Array.isArray(type) ? type : [type]
  const either = [...(Array.isArray(anyOf) ? anyOf : []), ...(Array.isArray(oneOf) ? oneOf : [])]
  return (
    types.includes('null') ||
    nullable === true ||
    (Array.isArray(values) && values.includes(null)) ||
    either.some((one) => isObject(one) && takesNull(one)) ||
    // A schema without types accepts everything.
    (type === undefined &&
      either.length === 0 &&
      Object.keys(rest).every((key) => key === 'description'))
  )
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
