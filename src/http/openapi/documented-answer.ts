import type { z } from 'zod'

/** A header that an answer carries, for the OpenAPI. */
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
 * A successful answer in JSON, for a route's schema: what it means, its shape, and examples of
 * it. The examples and the headers are for the OpenAPI alone.
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
  description: 'The path of what was made.',
}
