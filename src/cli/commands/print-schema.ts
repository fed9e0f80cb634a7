import { readFile } from 'node:fs/promises'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'

const SCHEMA = new URL('../../../schemas/plan.schema.json', import.meta.url)

/** Prints the JSON Schema of plans. @returns The exit code. */
export async function printSchema({ terminal }: Context): Promise<number> {
  terminal.out(await readFile(SCHEMA, 'utf8'))
  return EXIT.succeeded
}
