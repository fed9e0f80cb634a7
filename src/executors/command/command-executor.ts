import { type Failure, PermanentError } from '../../core/contract/errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import { NO_USAGE } from '../../core/contract/usage.ts'
import type { ExecutionOutcome, Executor, ExecutorDescription } from '../../core/ports/executor.ts'
import { renderFullPrompt } from '../../core/text/prompt.ts'
import { configuredNames } from '../configured-names.ts'
import { EMPTY } from '../output/outcome.ts'
import { type ReadOutput, readOutput } from '../output/read-output.ts'
import { findSandbox, sandboxProblem } from '../sandbox/bubblewrap.ts'
import type { Outside } from '../sandbox/proxy.ts'
import { type CommandEnd, runSandboxed } from '../sandbox/run-sandboxed.ts'
import type { Command, Commands } from './options.ts'

export interface CommandExecutorOptions {
  commands: Commands
  /** Path of `bwrap`; by default it is looked up in the system's folders. */
  sandbox?: string | undefined
  /** How commands that may reach some hosts connect to them; by default like the system. */
  outside?: Outside | undefined
  /** Interprets a command's output; by default on this thread. */
  read?: ReadOutput | undefined
}

/**
 * Runs command lines that the operator configured, in a sandbox, with the prompt on standard input
 * and the workspace as the current folder. A task can only choose one by name. Without a sandbox,
 * nothing is run.
 */
export function commandExecutor(options: CommandExecutorOptions): Executor {
  const {
    commands,
    sandbox = findSandbox(),
    read = async (...args) => readOutput(...args),
  } = options
  const choice = configuredNames('command', 'command', Object.keys(commands))
  const problem = () => sandboxProblem(sandbox)

  return {
    name: 'command',
    lane: 'cpu',

    describe(): ExecutorDescription {
      const reason = choice.names.length === 0 ? 'No command is configured.' : problem()
      return {
        name: 'command',
        description: [
          'A command line set by the operator, run in a sandbox with the prompt on standard input. It cannot continue an interrupted attempt: each attempt starts from the beginning.',
          ...Object.entries(commands).map(
            ([name, { description }]) => `\`${name}\`: ${description}`,
          ),
        ].join('\n'),
        available: reason === undefined,
        ...(reason !== undefined && { reason }),
        tools: [],
        capabilities: {
          readsWorkspace: true,
          requiresWorkspace: false,
          writesWorkspace: true,
          usesModel: false,
          structuredOutput: true,
          resumes: false,
          readsMessages: false,
        },
        cost: 'none',
        options: choice.options,
      }
    },

    validate: choice.validate,

    async execute(
      { spec, sharedContext, prompt, workspace, traceparent },
      { signal, onText, onStderr, onCoreTimes },
    ) {
      signal.throwIfAborted()
      const command = commandFor(spec)
      const reason = problem()
      if (reason !== undefined || sandbox === undefined) {
        throw new PermanentError('sandbox-unavailable', reason ?? 'There is no sandbox here.')
      }
      const ended = await runSandboxed({
        sandbox,
        command: command.command,
        confinement: command,
        workspace,
        ...(traceparent === undefined ? {} : { env: { TRACEPARENT: traceparent } }),
        stdin: renderFullPrompt(sharedContext, prompt),
        signal,
        outside: options.outside,
        onText,
        onStderr,
        onCoreTimes,
      })
      return outcomeOf(ended, spec, read)
    },
  }

  /** Checked again: a worker's configuration may differ from that of the process that accepted the plan. */
  function commandFor(spec: TaskSpec): Command {
    const name = spec.options?.command ?? (choice.names.length === 1 ? choice.names[0] : undefined)
    const command =
      typeof name === 'string' && Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command !== undefined) return command
    throw new PermanentError('command-not-configured', 'The command is not configured here.')
  }
}

/** Messages never contain the output, because they are shown and logged where outputs are not. */
async function outcomeOf(
  { exitCode, stdout, cut }: CommandEnd,
  spec: TaskSpec,
  read: ReadOutput,
): Promise<ExecutionOutcome> {
  if (exitCode === undefined) {
    throw new PermanentError('sandbox-failed', 'The sandbox could not start the command.')
  }
  if (exitCode !== 0) {
    throw new PermanentError('command-failed', `The command ended with exit code ${exitCode}.`)
  }
  const tooLong: Failure = { code: 'output-limit', message: 'The command wrote too much output.' }
  const outcome = await read(stdout, spec, {
    usage: NO_USAGE,
    unfinished: cut ? tooLong : undefined,
  })
  // Many tools edit files without printing anything.
  const isSilent = outcome.status === 'incomplete' && outcome.reason.code === EMPTY.code
  return isSilent && spec.outputSchema === undefined ? { ...outcome, unlessEdited: true } : outcome
}
