import { type Tool, tool } from 'ai'
import { z } from 'zod'
import { PermanentError } from '../../../core/contract/errors.ts'
import type { Workspace } from '../../../core/ports/executor.ts'
import type { Programs, Ran } from '../../../core/ports/programs.ts'
import type { InOrder } from './in-order.ts'

/**
 * The tool that runs allowed programs in a task's own folder. It is up to the model to judge their
 * results: a failing program is not a failure of the tool.
 */
export function runTool(
  programs: Programs,
  workspace: Workspace,
  { signal, inOrder }: { signal: AbortSignal; inOrder: InOrder },
): Tool {
  return tool({
    description: `Runs a program in the workspace and gives its exit code and output. The command is not run by a shell. Allowed commands start with: ${programs.names.join('; ')}.`,
    inputSchema: z.object({
      command: z
        .array(z.string().max(32_000))
        .min(1)
        .max(200)
        .describe('The program and its arguments, as in ["npm", "test"].'),
    }),
    execute: ({ command }) =>
      inOrder(async () => {
        if (!programs.allows(command)) {
          return `Error: this may not be run. Allowed commands start with: ${programs.names.join('; ')}.`
        }
        return inWords(await programs.run(command, workspace, signal))
      }),
  })
}

function inWords({ exitCode, ended, output, ms }: Ran): string {
  const end = ended === undefined ? `exit code ${exitCode}` : `Error: ${ended.message}`
  return `${end} (after ${ms} ms)\n${output === '' ? '[no output]' : output}`
}

/** Checked before a model is paid. */
export function requirePrograms(programs: Programs | undefined): Programs {
  const problem = programs === undefined ? 'No program is allowed here.' : programs.problem()
  if (programs !== undefined && problem === undefined) return programs
  throw new PermanentError('sandbox-unavailable', problem ?? '')
}
