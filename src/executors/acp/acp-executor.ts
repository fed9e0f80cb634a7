import { PermanentError } from '../../core/contract/errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { Executor, ExecutorDescription } from '../../core/ports/executor.ts'
import { configuredNames } from '../configured-names.ts'
import { type ReadOutput, readOutput } from '../output/read-output.ts'
import { findSandbox, sandboxProblem } from '../sandbox/bubblewrap.ts'
import type { Outside } from '../sandbox/proxy.ts'
import { type AcpAgents, permissions } from './options.ts'

export interface AcpExecutorOptions {
  agents: AcpAgents
  /** Path of `bwrap`; by default it is looked up in the system's folders. */
  sandbox?: string | undefined
  /** How agents that may reach some hosts connect to them; by default like the system. */
  outside?: Outside | undefined
  /** Interprets an agent's answer; by default on this thread. */
  read?: ReadOutput | undefined
}

/**
 * Runs coding agents that speak the Agent Client Protocol (ACP), each in a sandbox on its task's
 * folder. The protocol's package is loaded with the first task.
 */
export function acpExecutor(options: AcpExecutorOptions): Executor {
  const { agents, sandbox = findSandbox(), outside } = options
  const { read = async (...args) => readOutput(...args) } = options
  const choice = configuredNames('acp', 'agent', Object.keys(agents), { permissions })
  const problem = () => sandboxProblem(sandbox)

  return {
    name: 'acp',
    lane: 'cpu',

    describe(): ExecutorDescription {
      const reason = choice.names.length === 0 ? 'No agent is configured.' : problem()
      return {
        name: 'acp',
        description: [
          'A coding agent that speaks the Agent Client Protocol, in a sandbox on the files of the workspace.',
          ...Object.entries(agents).map(([name, { description }]) => `\`${name}\`: ${description}`),
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
        // Reporting the cost is optional for agents.
        cost: 'unknown',
        options: choice.options,
      }
    },

    validate: choice.validate,

    async execute(request, context) {
      context.signal.throwIfAborted()
      const name = nameOf(request.spec)
      const agent = agents[name]
      const reason = problem()
      if (agent === undefined) {
        throw new PermanentError('agent-not-configured', 'The agent is not configured here.')
      }
      if (reason !== undefined || sandbox === undefined) {
        throw new PermanentError('sandbox-unavailable', reason ?? 'There is no sandbox here.')
      }
      const policy = permissions.parse(request.spec.options?.permissions) ?? 'allow'
      const { runAgent } = await import('./run-agent.ts')
      return runAgent({
        request,
        context,
        sandbox,
        name,
        agent,
        permissions: policy,
        read,
        outside,
      })
    },
  }

  /** Checked again: a worker's configuration may differ from that of the process that accepted the plan. */
  function nameOf({ options: given }: TaskSpec): string {
    const name = given?.agent ?? (choice.names.length === 1 ? choice.names[0] : undefined)
    if (typeof name === 'string' && Object.hasOwn(agents, name)) return name
    throw new PermanentError('agent-not-configured', 'The agent is not configured here.')
  }
}
