import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

const SIZE_LIMIT = 64 * 1024

/** Why a JSON Schema cannot be used; `undefined` when it can. Drafts 7 and 2020-12. */
export function schemaProblem(schema: Record<string, unknown>): string | undefined {
  if (JSON.stringify(schema).length > SIZE_LIMIT)
    return `it is larger than ${SIZE_LIMIT} characters`
  const { $schema: _, ...rest } = schema
  try {
    const ajv = new Ajv2020({ strict: false, logger: false })
    addFormats.default(ajv)
    ajv.compile(rest)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 300) : 'it does not compile'
  }
}
