import { writeFile } from 'node:fs/promises'
import { CommandError } from '../command-error.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'

/** A plan that runs on an unconfigured service: it contains its files and needs no model. */
export const FIRST_PLAN = `# yaml-language-server: $schema=plan.schema.json
# \`tutti schema > plan.schema.json\` brings completion to editors that know YAML.
title: A first review
context: A small shop in TypeScript. Its discounts are rules that the marketing team writes.

# One task a perspective, all at once; {{perspective}} is filled in. Or write \`tasks:\` out, each with an
# id and a task, and \`dependsOn\` where one needs another's output.
pattern:
  kind: perspectives
  perspectives: [security, performance, testing]
  task:
    task: Review the code for {{perspective}}.
    files: ["**/*.ts"]

# These files travel with the plan. For a folder of yours, start the service with
# TUTTI_WORKSPACE_ROOTS=/the/folder/above and say \`workspace: { path: the-folder }\` instead.
workspace:
  files:
    src/checkout.ts: |
      export function discount(rule: string): number {
        return eval(rule)
      }

      export async function totals(orders: { fetch(): Promise<number> }[]): Promise<number[]> {
        const sums: number[] = []
        for (const order of orders) {
          sums.push(await order.fetch())
        }
        return sums
      }
    test/checkout.test.ts: |
      test.skip('takes off ten percent', () => {})
`

/** Writes a plan to start from. @returns The exit code. */
export async function init({ terminal }: Context, path: string): Promise<number> {
  try {
    await writeFile(path, FIRST_PLAN, { flag: 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new CommandError(`${path} already exists and was left unchanged.`)
    throw new CommandError(`${path} could not be written: ${message}`)
  }
  terminal.note(
    `Wrote ${path}. \`tutti run ${path}\` runs it; \`tutti validate ${path}\` only checks it.`,
  )
  return EXIT.succeeded
}
