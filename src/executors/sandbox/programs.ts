import { z } from 'zod'
import { type Failure, PermanentError, TransientError } from '../../core/contract/errors.ts'
import { type Programs, wordsOf } from '../../core/ports/programs.ts'
import { bothEnds } from './both-ends.ts'
import { findSandbox, sandboxProblem } from './bubblewrap.ts'
import { type Confinement, confinement } from './confinement.ts'
import { masked } from './error-output.ts'
import { startSandboxed } from './run-sandboxed.ts'
import { slots } from './slots.ts'

/** Programs that agents may run, and what these may use. */
export const ProgramsSettings = z.strictObject({
  programs: z
    .array(z.string().trim().min(1).max(1_000))
    .max(200)
    .default([])
    .describe(
      'As in `pytest` or `npm test`: commands that start like this may be run, with any further arguments.',
    ),
  ...confinement,
  timeoutMs: confinement.timeoutMs.unwrap().default(300_000),
})
export type ProgramsSettings = z.output<typeof ProgramsSettings> & Pick<Confinement, 'secrets'>

/** Errors that end a program but not the task that runs it. */
const ENDS_PROGRAM = ['cpu-limit', 'memory-limit', 'process-limit', 'workspace-too-large']

export function allowedPrograms(
  settings: ProgramsSettings,
  {
    sandbox = findSandbox(),
    atOnce = Number.POSITIVE_INFINITY,
  }: { sandbox?: string | undefined; atOnce?: number | undefined } = {},
): Programs {
  const prefixes = settings.programs.map(wordsOf)
  const turns = slots(atOnce)
  const problem = () =>
    prefixes.length === 0 ? 'No program is allowed here.' : sandboxProblem(sandbox)
  return {
    names: settings.programs,
    problem,
    allows: (command) =>
      prefixes.some((prefix) => prefix.every((word, index) => command[index] === word)),

    async run(command, workspace, signal) {
      const reason = problem()
      if (reason !== undefined || sandbox === undefined) {
        throw new PermanentError('sandbox-unavailable', reason ?? 'There is no sandbox here.')
      }
      const leave = await turns.enter(signal)
      const started = performance.now()
      try {
        const program = await startSandboxed({
          sandbox,
          // Both streams in one, in the order in which they were written.
          command: ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...command],
          confinement: settings,
          workspace,
          signal,
        })
        program.stdin.end()
        const written = bothEnds(program.stdout)
        const end = await program.ended.then(endOf, (error: unknown) => ({ ended: endedBy(error) }))
        signal.throwIfAborted()
        const output = masked(written.text(), settings)
        return { ...end, output, ms: Math.round(performance.now() - started) }
      } finally {
        leave()
      }
    },
  }
}

function endOf(exitCode: number | undefined): { exitCode: number } {
  if (exitCode !== undefined) return { exitCode }
  throw new PermanentError('sandbox-failed', 'The sandbox could not start the program.')
}

/** @throws Errors that are not a limit of the program. */
function endedBy(error: unknown): Failure {
  const isLimit =
    (error instanceof PermanentError && ENDS_PROGRAM.includes(error.code)) ||
    (error instanceof TransientError && error.code === 'command-timeout')
  if (isLimit) return { code: error.code, message: error.message }
  throw error
}
