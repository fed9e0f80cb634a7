import type { z } from 'zod'

/** A response header, for the OpenAPI document. */
interface AnswerHeader {
  type: 'string' | 'integer'
  description: string
}

interface Documented<Value> {
  example?: Value
  examples?: Record<string, { summary: string; value: Value }>
  headers?: Record<string, AnswerHeader>
}

/**
 * A successful JSON answer for a route's schema: its meaning, its shape, and examples. The examples
 * and headers are only for the OpenAPI document.
 */
export function answer<Schema extends z.ZodType>(
  description: string,
  schema: Schema,
  { headers, ...examples }: Documented<z.input<Schema>> = {},
) {
  const content = { 'application/json': { schema, ...examples } }
  return { description, content, ...(headers === undefined ? {} : { headers }) }
}

export const LOCATION: AnswerHeader = {
  type: 'string',
  description: 'The path of the new resource.',
}
