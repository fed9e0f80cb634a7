import type { Failure } from '../contract/errors.ts'
import type { Workspace } from './executor.ts'

/** How a program ended. */
export interface Ran {
  /** Absent if it was stopped. */
  exitCode?: number
  /** Why it was stopped: it reached one of its limits. */
  ended?: Failure
  /** Its standard output and standard error together, shortened in the middle. */
  output: string
  ms: number
}

/** Runs programs that the operator allows, each in a sandbox, on a folder. */
export interface Programs {
  /** The beginnings of allowed commands, as the operator wrote them. */
  names: readonly string[]
  /** Why none can be run here; `undefined` if they can. Determined once. */
  problem(): string | undefined
  allows(command: readonly string[]): boolean
  /**
   * Leaves no process behind, and settles within two seconds of an abort.
   *
   * @throws {PermanentError} `sandbox-unavailable`, `sandbox-failed`.
   * @throws {TransientError} The sandbox could not be started.
   * @throws The reason of `signal`, when it aborts.
   */
  run(command: readonly string[], workspace: Workspace, signal: AbortSignal): Promise<Ran>
}

/** A command line as a caller writes it. No shell reads it: spaces separate its arguments. */
export function wordsOf(command: string): string[] {
  return command.split(/\s+/).filter((word) => word !== '')
}

/** How a program ended, for people. */
export function endOf(
  command: string,
  { exitCode, ended }: Pick<Ran, 'exitCode' | 'ended'>,
): string {
  if (ended !== undefined) return `\`${command}\` was stopped: ${ended.message}`
  return exitCode === 0
    ? `\`${command}\` passes.`
    : `\`${command}\` fails with exit code ${exitCode}.`
}
