import { readJson, schemaProblem } from '../../executors/output/output-schema.ts'
import { readOutput } from '../../executors/output/read-output.ts'

/** Work for a thread: running schemas that callers wrote. */
export const SCHEMA_WORK = { schemaProblem, readJson, readOutput }
