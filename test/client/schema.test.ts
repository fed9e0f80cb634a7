import { readFile } from 'node:fs/promises'
import { compile } from 'json-schema-to-typescript'
import { expect, test } from 'vitest'

interface Schema {
  $ref?: string
  properties?: Record<string, Schema>
  items?: Schema | Schema[]
  prefixItems?: Schema[]
  minItems?: number
  maxItems?: number
  oneOf?: Schema[]
}

const DOCUMENT = new URL('../../openapi/openapi.json', import.meta.url)

/** `npm run types:client` writes the file anew. */
test("the client's types are those of the API's document", async () => {
  const { components } = JSON.parse(await readFile(DOCUMENT, 'utf8'))
  await expect(await typesOf(components.schemas)).toMatchFileSnapshot('../../src/client/schema.ts')
})

async function typesOf(components: Record<string, Schema>): Promise<string> {
  const definitions = tidied(components)
  shareTask(definitions)
  const names = Object.keys(definitions)
  const all = {
    type: 'object' as const,
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/definitions/${name}` }])),
    definitions,
  }
  const source = await compile(all as Parameters<typeof compile>[0], 'All', {
    additionalProperties: false,
    bannerComment: '// Made from openapi/openapi.json by `npm run types:client`.',
    style: { semi: false, singleQuote: true, printWidth: 100 },
  })
  // What refers to all of them, so that all are made.
  return source.replace(/export interface All \{[^}]*\}\n/, '')
}

/** In the words of the older draft that the compiler reads. */
function tidied(components: Record<string, Schema>): Record<string, Schema> {
  const text = JSON.stringify(components).replaceAll('#/components/schemas/', '#/definitions/')
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const schema: Schema = value
    // Keywords next to a reference would create another type of the same shape.
    if (typeof schema.$ref === 'string') return { $ref: schema.$ref }
    if (schema.prefixItems !== undefined) {
      const { prefixItems, ...rest } = schema
      const length = prefixItems.length
      return { ...rest, items: prefixItems, minItems: length, maxItems: length }
    }
    // A list with a least length would become a tuple, which callers cannot fill from a list.
    const { minItems: _minItems, maxItems: _maxItems, ...rest } = schema
    return 'items' in schema && !Array.isArray(schema.items) ? rest : schema
  })
}

/** The three places of a plan that hold a task become one type. */
function shareTask(definitions: Record<string, Schema>): void {
  const { tasks, pattern } = definitions.SubmitPlan?.properties ?? {}
  if (tasks === undefined || Array.isArray(tasks.items) || tasks.items === undefined) {
    throw new Error('a plan has no tasks')
  }
  definitions.TaskSubmission = tasks.items
  tasks.items = { $ref: '#/definitions/TaskSubmission' }
  for (const { properties } of pattern?.oneOf ?? []) {
    if (properties !== undefined) properties.task = { $ref: '#/definitions/TaskSubmission' }
  }
}
