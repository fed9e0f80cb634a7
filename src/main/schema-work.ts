import { readJson, schemaProblem } from '../executors/output/output-schema.ts'
import { readOutput } from '../executors/output/read-output.ts'

/** What runs schemas that callers wrote: pieces of work for a thread. */
export const SCHEMA_WORK = { schemaProblem, readJson, readOutput }
