import { isDeepStrictEqual } from 'node:util'
import type { OpenAPIV3_1 } from 'openapi-types'
import { PROBLEM_TYPE } from '../problems/problem.ts'

type Schemas = Record<string, unknown>
type SchemaObject = OpenAPIV3_1.SchemaObject

const PREFIX = '#/components/schemas/'
const INPUT = /Input$/

/** Makes a document that is readable for people and gives generators few types. */
export function tidyDocument(
  document: Partial<OpenAPIV3_1.Document>,
): Partial<OpenAPIV3_1.Document> {
  return tidyResponses(tidySchemas(document))
}

/**
 * Every Zod schema with an id becomes two components, one for input and one for output, whether or
 * not anything refers to it. This keeps those that are referenced, and merges the two if they are
 * equal or only one is needed, so that generated clients have one type each.
 */
function tidySchemas(document: Partial<OpenAPIV3_1.Document>): Partial<OpenAPIV3_1.Document> {
  const schemas: Schemas = { ...document.components?.schemas }
  const names = namesOf(schemas, reachable(document, schemas))
  const renamed = Object.entries(schemas).flatMap(([name, schema]) => {
    const kept = names.get(name)
    return kept === undefined ? [] : [[kept, withNames(schema, names)] as const]
  })
  const sorted = Object.fromEntries(renamed.toSorted(([a], [b]) => a.localeCompare(b)))
  return {
    ...(withNames(document, names) as Partial<OpenAPIV3_1.Document>),
    components: { ...document.components, schemas: sorted as Record<string, SchemaObject> },
  }
}

/** Problem answers are shared by many routes: each becomes one component, named after its codes. */
function tidyResponses(document: Partial<OpenAPIV3_1.Document>): Partial<OpenAPIV3_1.Document> {
  const shared: Record<string, OpenAPIV3_1.ResponseObject> = {}
  for (const path of Object.values(document.paths ?? {})) {
    for (const { responses } of Object.values(path ?? {}) as OpenAPIV3_1.OperationObject[]) {
      for (const [status, response] of Object.entries(responses ?? {})) {
        if ('$ref' in response) continue
        const codes = Object.keys(response.content?.[PROBLEM_TYPE]?.examples ?? {})
        if (codes.length === 0) continue
        const name = codes.map(pascalCase).join('Or')
        shared[name] = response
        Object.assign(responses ?? {}, { [status]: { $ref: `#/components/responses/${name}` } })
      }
    }
  }
  return { ...document, components: { ...document.components, responses: shared } }
}

/** `plan-not-found` → `PlanNotFound`. */
function pascalCase(code: string): string {
  return code.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The final name of each component; unreferenced ones have none. */
function namesOf(schemas: Schemas, used: ReadonlySet<string>): Map<string, string> {
  const names = new Map<string, string>()
  for (const name of used) {
    const output = name.replace(INPUT, '')
    const isTwin = output !== name && used.has(output) && !saysTheSame(schemas, name, output)
    names.set(name, isTwin ? name : output)
  }
  return names
}

function saysTheSame(schemas: Schemas, input: string, output: string): boolean {
  const withoutSuffix = (schema: unknown) =>
    mapReferences(schema, (name) => name.replace(INPUT, ''))
  return isDeepStrictEqual(withoutSuffix(schemas[input]), withoutSuffix(schemas[output]))
}

function reachable(document: Partial<OpenAPIV3_1.Document>, schemas: Schemas): Set<string> {
  const found = new Set<string>()
  const visit = (part: unknown) => {
    mapReferences(part, (name) => {
      if (!found.has(name)) {
        found.add(name)
        visit(schemas[name])
      }
      return name
    })
  }
  visit(document.paths)
  return found
}

function withNames(part: unknown, names: ReadonlyMap<string, string>): unknown {
  return mapReferences(part, (name) => names.get(name) ?? name)
}

/** A copy in which each reference to a component is renamed by `rename`. */
function mapReferences(part: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(part)) return part.map((item) => mapReferences(item, rename))
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' && value.startsWith(PREFIX)
        ? PREFIX + rename(value.slice(PREFIX.length))
        : mapReferences(value, rename),
    ]),
  )
}
