import type { Logger } from 'pino'
import { PermanentError } from '../../core/contract/errors.ts'
import type { SchemaChecks } from '../../executors/output/schema-checks.ts'
import { openThreadPool, WorkTimeout } from '../../threads/thread-pool.ts'
import type { SCHEMA_WORK } from '../threads/schema-work.ts'

const THREADS = 2
/** CPU time: the largest schema takes a few seconds at most. */
const LIMIT_MS = 10_000

/** The work of a thread, each piece with the type of a direct call. */
type Piece = keyof typeof SCHEMA_WORK
export type RunSchemaWork = <N extends Piece>(
  name: N,
  ...args: Parameters<(typeof SCHEMA_WORK)[N]>
) => Promise<ReturnType<(typeof SCHEMA_WORK)[N]>>

/** Compiles callers' schemas and checks answers on threads, which can be terminated. */
export function openSchemaChecks(
  log: Logger,
  limitMs = LIMIT_MS,
): SchemaChecks & { run: RunSchemaWork; close(): Promise<void> } {
  const entry = new URL('../threads/schema-thread.ts', import.meta.url)
  const pool = openThreadPool({ entry, size: THREADS, log })
  const run: RunSchemaWork = async (name, ...args) => {
    try {
      return (await pool.run(name, args, limitMs)) as ReturnType<(typeof SCHEMA_WORK)[typeof name]>
    } catch (error) {
      if (!(error instanceof WorkTimeout)) throw error
      const message = `It could not be checked against the schema in ${limitMs / 1_000} s of CPU time.`
      throw new PermanentError('schema-timeout', message)
    }
  }
  return {
    run,
    async problem(schema) {
      try {
        return await run('schemaProblem', schema)
      } catch (error) {
        if (!(error instanceof PermanentError)) throw error
        return `takes more than ${limitMs / 1_000} s to compile`
      }
    },
    read: (schema, text) => run('readJson', schema, text),
    close: () => pool.close(),
  }
}
