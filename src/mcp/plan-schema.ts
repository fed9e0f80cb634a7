import planSchema from '../../schemas/plan.schema.json' with { type: 'json' }
import type { ObjectSchema } from './tool.ts'

/** The parts of JSON Schema that a plan's schema is made of. */
interface Schema {
  description?: string
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  $ref?: string
  additionalProperties?: Schema | boolean
  [keyword: string]: unknown
}

/** Bounds are left out: the service checks them, and an assistant would pay for them in every call. */
const KEPT = ['type', 'description', 'enum', 'const', 'default', 'required']

/**
 * The schema of a plan as assistants get it: small, and without references and alternatives at its
 * root, which some of them refuse.
 */
export function planInputSchema(): ObjectSchema {
  const { $schema: _schema, ...members } = compact(planSchema as Schema).properties ?? {}
  const { pattern, ...others } = members
  return {
    type: 'object',
    properties: { ...others, pattern: { ...pattern, ...templates(pattern) } },
  }
}

/**
 * The same members without what lies in them, for a tool beside the one that has the whole: an assistant
 * pays for each word of each tool in every call.
 */
export function planOutlineSchema(): ObjectSchema {
  const { properties = {}, ...root } = planInputSchema()
  const outlines = Object.entries(properties as Record<string, Schema>).map(
    ([name, { type, description }]) => [
      name,
      {
        ...(type === undefined ? {} : { type }),
        ...(description === undefined ? {} : { description }),
      },
    ],
  )
  return { ...root, properties: Object.fromEntries(outlines) }
}

function compact(schema: Schema): Schema {
  // Zod refers to a schema with an id so, because draft 7 ignores what stands beside a `$ref`.
  const { $ref } = schema.allOf?.[0] ?? schema
  const base = $ref === undefined ? {} : compact(definitionOf($ref))
  const { properties, items, anyOf, oneOf, additionalProperties: values } = schema
  return {
    ...base,
    ...Object.fromEntries(KEPT.filter((key) => key in schema).map((key) => [key, schema[key]])),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, member]) => [name, compact(member)]),
          ),
        }),
    ...(items === undefined ? {} : { items: compact(items) }),
    // Of a record with values of one kind, such as the contents of files.
    ...(isSchema(values) ? { additionalProperties: compact(values) } : {}),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(compact) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(compact) }),
  }
}

function isSchema(values: Schema | boolean | undefined): values is Schema {
  return typeof values === 'object' && Object.keys(values).length > 0
}

function definitionOf(reference: string): Schema {
  const definitions: Record<string, Schema> = planSchema.definitions
  const found = definitions[reference.replace('#/definitions/', '')]
  if (found === undefined) throw new Error(`the schema of plans has no ${reference}`)
  return found
}

/** A pattern's template has the members of a task, which are described once, under `tasks`. */
function templates(pattern: Schema | undefined): Pick<Schema, 'oneOf'> {
  const oneOf = (pattern?.oneOf ?? []).map(({ properties, ...variant }) => {
    const description = `${properties?.task?.description ?? ''} It has the members of one of \`tasks\`.`
    return { ...variant, properties: { ...properties, task: { type: 'object', description } } }
  })
  return { oneOf }
}
