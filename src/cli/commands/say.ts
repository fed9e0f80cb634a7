import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'

/** Sends a message to the agent of a task. @returns The exit code. */
export async function say(
  { terminal, quick }: Context,
  planId: string,
  taskId: string,
  text: string,
): Promise<number> {
  await quick.tasks.message(planId, taskId, text)
  terminal.note(`${taskId} reads it before its next step; tutti steps shows when it has`)
  return EXIT.succeeded
}
