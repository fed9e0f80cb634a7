import { type ReadJson, readJson, schemaProblem } from './output-schema.ts'

/**
 * Checks what callers and models wrote, within a time limit.
 *
 * @throws {PermanentError} `schema-timeout`, which says nothing about the schema or the answer.
 */
export interface SchemaChecks {
  /** The problem with a schema, as the end of a sentence that starts with it. */
  problem(schema: Record<string, unknown>): Promise<string | undefined>
  /** `schema` must not have a problem. */
  read(schema: Record<string, unknown>, text: string): Promise<ReadJson>
}

/** On this thread, without a time limit: for schemas that the caller trusts. */
export const CHECKS_HERE: SchemaChecks = {
  problem: async (schema) => schemaProblem(schema),
  read: async (schema, text) => readJson(schema, text),
}
