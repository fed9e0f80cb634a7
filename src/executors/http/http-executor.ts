import { PermanentError } from '../../core/contract/errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { Executor, ExecutorDescription } from '../../core/ports/executor.ts'
import { renderFullPrompt } from '../../core/text/prompt.ts'
import { configuredNames } from '../configured-names.ts'
import { schemaRequest } from '../model/agent-prompt.ts'
import { type ReadOutput, readOutput } from '../output/read-output.ts'
import type { Cards } from './connect.ts'
import type { Agent, Agents } from './options.ts'

/**
 * Runs tasks on remote agents over the A2A protocol. The operator configures the agents, and a task
 * chooses one. Each attempt is a separate task of the agent, except that after a worker has ended, the
 * next attempt takes over the running one. The SDK of the protocol is loaded with the first task.
 */
export function httpExecutor({
  agents,
  read = async (...args) => readOutput(...args),
}: {
  agents: Agents
  /** Reads an agent's answer; on this thread by default. */
  read?: ReadOutput | undefined
}): Executor {
  const choice = configuredNames('http', 'agent', Object.keys(agents))
  const cards: Cards = new Map()

  return {
    name: 'http',
    lane: 'io',

    describe(): ExecutorDescription {
      const isConfigured = choice.names.length > 0
      return {
        name: 'http',
        description: [
          'A remote agent, called by the A2A protocol. It sees the prompt and no files.',
          ...Object.entries(agents).map(([name, { description }]) => `\`${name}\`: ${description}`),
        ].join('\n'),
        available: isConfigured,
        ...(!isConfigured && { reason: 'No agent is configured.' }),
        tools: [],
        capabilities: {
          readsWorkspace: false,
          requiresWorkspace: false,
          writesWorkspace: false,
          usesModel: false,
          structuredOutput: true,
          resumes: true,
          readsMessages: false,
        },
        cost: 'unknown',
        options: choice.options,
      }
    },

    validate: choice.validate,

    async execute({ spec, sharedContext, prompt, traceparent }, context) {
      context.signal.throwIfAborted()
      const agent = withTrace(agentFor(spec), traceparent)
      const { outputSchema } = spec
      const asked =
        outputSchema === undefined ? prompt : `${prompt}\n\n${schemaRequest(outputSchema)}`
      const whole = renderFullPrompt(sharedContext, asked)
      const [{ callAgent }, { outcomeOf }] = await Promise.all([
        import('./call-agent.ts'),
        import('./task-outcome.ts'),
      ])
      return outcomeOf(await callAgent(agent, whole, { ...context, cards }), agent, spec, read)
    },
  }

  /**
   * Checked again, because a worker may be configured differently from the process that accepted
   * the plan.
   */
  function agentFor(spec: TaskSpec): Agent {
    const name = spec.options?.agent ?? (choice.names.length === 1 ? choice.names[0] : undefined)
    const agent = typeof name === 'string' && Object.hasOwn(agents, name) ? agents[name] : undefined
    if (agent !== undefined) return agent
    throw new PermanentError('agent-not-configured', 'The agent is not configured here.')
  }
}

/** Tells the agent which trace the task belongs to, unless the operator overrides it. */
function withTrace(agent: Agent, traceparent: string | undefined): Agent {
  if (traceparent === undefined) return agent
  return { ...agent, headers: { traceparent, ...agent.headers } }
}
