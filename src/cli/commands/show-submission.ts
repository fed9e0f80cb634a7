import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'

/**
 * Prints the submission of a plan, including files, as a file that `run` accepts. @returns The exit
 * code.
 */
export async function showSubmission(
  { terminal, quick }: Context,
  planId: string,
): Promise<number> {
  const submission = await quick.plans.submission(planId, { files: true })
  terminal.out(JSON.stringify(submission, null, 2))
  return EXIT.succeeded
}
