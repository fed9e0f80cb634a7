import { type ReadJson, readJson, schemaProblem } from './output-schema.ts'

/**
 * Looks at what callers and models wrote, under a limit.
 *
 * @throws {PermanentError} `schema-timeout`, which says nothing about the schema or the answer.
 */
export interface SchemaChecks {
  /** What is wrong with a schema, as the end of a sentence that begins with it. */
  problem(schema: Record<string, unknown>): Promise<string | undefined>
  /** `schema` has no problem. */
  read(schema: Record<string, unknown>, text: string): Promise<ReadJson>
}

/** On this thread, for as long as it takes: for schemas that the caller knows. */
export const CHECKS_HERE: SchemaChecks = {
  problem: async (schema) => schemaProblem(schema),
  read: async (schema, text) => readJson(schema, text),
}
