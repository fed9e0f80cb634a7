import type { Logger } from 'pino'
import { PermanentError } from '../../core/contract/errors.ts'
import type { Finding } from '../../core/contract/findings.ts'
import { MERGING, type Merging } from '../../core/merge/merge-operations.ts'
import type { ReadOutput } from '../../executors/output/read-output.ts'
import type { SchemaChecks } from '../../executors/output/schema-checks.ts'
import { openThreadPool, type ThreadPool, WorkTimeout } from '../../threads/thread-pool.ts'
import { READING_WORK } from '../threads/reading-work.ts'
import { openSchemaChecks } from './open-schema-checks.ts'

type Work = keyof typeof READING_WORK

/** Characters (or comparable units) that are read in a few milliseconds; more goes to a thread. */
const MOST_HERE = 20_000
const THREADS = 2
const OUTPUT_LIMIT_MS = 10_000
/** Enough for tens of thousands of findings in one plan. */
const MERGING_LIMIT_MS = 5 * 60_000

export interface Reading {
  merging: Merging
  findingsIn: (text: string) => Promise<Finding[]>
  readOutput: ReadOutput
  schemas: SchemaChecks
  close(): Promise<void>
}

/**
 * Reads small texts at once and large ones on other threads, so that leases are renewed and other
 * plans continue in the meantime. Work that takes too long there ends with a PermanentError
 * (`output-not-readable`, `schema-timeout` or `merge-timeout`) and affects nothing else. Callers'
 * schemas always run on threads.
 */
export function openReading(log: Logger): Reading {
  const pool = openThreadPool({
    entry: new URL('../threads/reading-thread.ts', import.meta.url),
    size: THREADS,
    log,
  })
  const schemas = openSchemaChecks(log)
  const names = Object.keys(MERGING) as (keyof typeof MERGING)[]
  return {
    merging: Object.fromEntries(
      names.map((name) => [name, (...args: unknown[]) => merge(pool, name, args)]),
    ) as Merging,
    findingsIn: async (text) => (await read(pool, 'extractFindings', [text])) as Finding[],
    readOutput: async (...args) =>
      args[1].outputSchema !== undefined
        ? schemas.run('readOutput', ...args)
        : ((await read(pool, 'readOutput', args)) as Awaited<ReturnType<ReadOutput>>),
    schemas,
    close: async () => {
      await Promise.all([pool.close(), schemas.close()])
    },
  }
}

function read(pool: ThreadPool, name: Work, args: unknown[]): Promise<unknown> {
  const message = `Its output could not be read within ${OUTPUT_LIMIT_MS / 1_000} s.`
  return work(pool, name, args, OUTPUT_LIMIT_MS).catch(timeoutAs('output-not-readable', message))
}

function merge(pool: ThreadPool, name: Work, args: unknown[]): Promise<unknown> {
  const message = `The results could not be merged within ${MERGING_LIMIT_MS / 60_000} minutes.`
  return work(pool, name, args, MERGING_LIMIT_MS).catch(timeoutAs('merge-timeout', message))
}

async function work(pool: ThreadPool, name: Work, args: unknown[], limitMs: number) {
  if (isLarge(args)) return pool.run(name, args, limitMs)
  return (READING_WORK[name] as (...given: unknown[]) => unknown)(...args)
}

function timeoutAs(code: string, message: string) {
  return (error: unknown): never => {
    throw error instanceof WorkTimeout ? new PermanentError(code, message) : error
  }
}

function isLarge(args: unknown[]): boolean {
  let left = MOST_HERE
  const open: unknown[] = [args]
  while (open.length > 0 && left > 0) {
    const value = open.pop()
    left -= typeof value === 'string' ? value.length + 1 : 1
    if (typeof value !== 'object' || value === null) continue
    for (const member of Object.values(value)) open.push(member)
  }
  return left <= 0
}
