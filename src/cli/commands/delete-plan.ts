import { createInterface } from 'node:readline/promises'
import { CommandError } from '../command-error.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { plural } from '../format.ts'
import { withoutControls } from '../terminal.ts'

/**
 * Deletes a plan with everything that belongs to it; asks first, unless told not to. @returns The
 * exit code.
 */
export async function deletePlan(
  { terminal, quick }: Context,
  planId: string,
  { yes }: { yes: boolean },
): Promise<number> {
  if (!yes) {
    const { title, counts } = await quick.plans.get(planId)
    const what = `“${withoutControls(title)}”, its ${plural(counts.total, 'task')}, their outputs and the synthesis`
    if (!process.stdin.isTTY) throw new CommandError(`This deletes ${what}. Confirm with --yes.`)
    if (!(await agrees(`Delete ${what}? [y/N] `))) {
      terminal.note('Nothing was deleted.')
      return EXIT.error
    }
  }
  await quick.plans.delete(planId)
  terminal.note(`plan ${planId} is deleted`)
  return EXIT.succeeded
}

async function agrees(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await prompt.question(question)).trim())
  } finally {
    prompt.close()
  }
}
