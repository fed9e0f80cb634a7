/**
 * Writes the types of the Python client from the OpenAPI document: `node script/python-types.ts`. A test
 * checks that the file is up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
export const TYPES = join(ROOT, 'clients/python/src/tutti_client/types.py')
const DOCUMENT = join(ROOT, 'openapi/openapi.json')
const WIDTH = 100

/** The parts of JSON Schema that the document uses. */
interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
}

/** A module with a class or an alias for each schema. */
export function pythonTypes(schemas: Record<string, Schema>): string {
  const definitions: string[] = []
  for (const [name, schema] of Object.entries(schemas)) define(name, schema, definitions)
  return [
    '# Made from openapi/openapi.json by `node script/python-types.ts`.',
    '"""The bodies and answers of the API."""',
    '',
    'from __future__ import annotations',
    '',
    'from typing import Any, Literal, NotRequired, TypedDict, Union',
    '',
    '',
    definitions.join('\n\n'),
  ].join('\n')
}

export function documentedTypes(): string {
  const { components } = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as {
    components: { schemas: Record<string, Schema> }
  }
  return pythonTypes(components.schemas)
}

function define(name: string, schema: Schema, definitions: string[]): void {
  if (schema.properties !== undefined) {
    definitions.push(classOf(name, schema, definitions))
    return
  }
  definitions.push(`${name} = ${typeOf(schema, name, definitions)}\n`)
}

function classOf(name: string, schema: Schema, definitions: string[]): string {
  const required = new Set(schema.required)
  const members = Object.entries(schema.properties ?? {}).map(([field, member]) => {
    const type = typeOf(member, `${name}${capital(field)}`, definitions)
    const optional = required.has(field) ? type : `NotRequired[${type}]`
    return { field, type: optional, comment: commentOf(member.description) }
  })
  // The other form takes any name, and evaluates its types, so that these are quoted.
  if (members.some(({ field }) => !isName(field))) {
    const fields = members.map(({ field, type }) => `        ${text(field)}: ${quoted(type)},`)
    return `${name} = TypedDict(\n    ${text(name)},\n    {\n${fields.join('\n')}\n    },\n)\n`
  }
  const lines = members.flatMap(({ field, type, comment }) => [...comment, `    ${field}: ${type}`])
  return `class ${name}(TypedDict):\n${lines.length === 0 ? '    pass' : lines.join('\n')}\n`
}

function typeOf(schema: Schema, name: string, definitions: string[]): string {
  if (schema.$ref !== undefined) return `"${schema.$ref.split('/').at(-1) ?? ''}"`
  if (schema.const !== undefined) return `Literal[${literal(schema.const)}]`
  if (schema.enum !== undefined) return `Literal[${schema.enum.map(literal).join(', ')}]`
  const members = schema.anyOf ?? schema.oneOf
  if (members !== undefined) {
    return union(members.map((member) => typeOf(member, nameOfMember(name, member), definitions)))
  }
  if (Array.isArray(schema.type)) {
    return union(schema.type.map((type) => typeOf({ ...schema, type }, name, definitions)))
  }
  switch (schema.type) {
    case 'string':
      return 'str'
    case 'integer':
      return 'int'
    case 'number':
      return 'float'
    case 'boolean':
      return 'bool'
    case 'null':
      return 'None'
    case 'array':
      return `list[${typeOf(schema.items ?? {}, `${name}Item`, definitions)}]`
    case 'object':
      return objectOf(schema, name, definitions)
    default:
      return 'Any'
  }
}

function objectOf(schema: Schema, name: string, definitions: string[]): string {
  if (schema.properties !== undefined) {
    define(name, schema, definitions)
    return `"${name}"`
  }
  const values = schema.additionalProperties
  return typeof values === 'object' && Object.keys(values).length > 0
    ? `dict[str, ${typeOf(values, `${name}Value`, definitions)}]`
    : 'dict[str, Any]'
}

/** Names each of several forms by what distinguishes it: its kind, or its first field. */
function nameOfMember(name: string, { properties }: Schema): string {
  if (properties === undefined) return name
  const kind = properties.kind?.const
  return `${name}${capital(typeof kind === 'string' ? kind : (Object.keys(properties)[0] ?? ''))}`
}

function union(types: readonly string[]): string {
  const different = [...new Set(types)]
  return different.length === 1 ? (different[0] ?? 'Any') : `Union[${different.join(', ')}]`
}

function commentOf(description: string | undefined): string[] {
  if (description === undefined) return []
  const lines = ['']
  for (const word of description.split(/\s+/)) {
    const line = lines.at(-1) ?? ''
    if (line.length + word.length + 7 > WIDTH) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => `    #: ${line}`)
}

function literal(value: unknown): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'number' ? `${value}` : text(String(value))
}

function text(value: string): string {
  return JSON.stringify(value)
}

/** Quotes a type. */
function quoted(type: string): string {
  return text(type.replaceAll('"', ''))
}

function capital(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
}

const KEYWORDS = new Set(
  'and as class def del for from global if import in is lambda not or pass return try while with yield None True False'.split(
    ' ',
  ),
)

function isName(field: string): boolean {
  return /^[A-Za-z_]\w*$/.test(field) && !KEYWORDS.has(field)
}

if (import.meta.main) writeFileSync(TYPES, documentedTypes())
