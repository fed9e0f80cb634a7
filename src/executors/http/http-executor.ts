import { TaskState } from '@a2a-js/sdk'
import { type Failure, PermanentError } from '../../core/contract/errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { ExecutionOutcome, Executor, ExecutorDescription } from '../../core/ports/executor.ts'
import { renderFullPrompt } from '../../core/text/prompt.ts'
import { shorten } from '../../core/text/shorten.ts'
import { configuredNames } from '../configured-names.ts'
import { schemaRequest } from '../model/agent-prompt.ts'
import { type ReadOutput, readOutput } from '../output/read-output.ts'
import { callAgent } from './call-agent.ts'
import type { Cards } from './connect.ts'
import { unreadable, withWords } from './failures.ts'
import type { Agent, Agents } from './options.ts'
import type { RemoteTask } from './remote-task.ts'

/** Output that is kept, in characters. */
const MAX_OUTPUT = 4_000_000

/**
 * Has remote agents do tasks, by the A2A protocol: those that the operator named, of which a task
 * chooses one. An attempt is a task of the agent's own; another attempt begins another one.
 */
export function httpExecutor({
  agents,
  read = async (...args) => readOutput(...args),
}: {
  agents: Agents
  /** Reads what an agent answered; by default on this thread. */
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
      return outcomeOf(await callAgent(agent, whole, { ...context, cards }), agent, spec, read)
    },
  }

  /** Checked again: a worker may be configured otherwise than the process that took the plan. */
  function agentFor(spec: TaskSpec): Agent {
    const name = spec.options?.agent ?? (choice.names.length === 1 ? choice.names[0] : undefined)
    const agent = typeof name === 'string' && Object.hasOwn(agents, name) ? agents[name] : undefined
    if (agent !== undefined) return agent
    throw new PermanentError('agent-not-configured', 'The agent is not configured here.')
  }
}

/** The agent is told which trace the task belongs to, unless the operator says otherwise. */
function withTrace(agent: Agent, traceparent: string | undefined): Agent {
  if (traceparent === undefined) return agent
  return { ...agent, headers: { traceparent, ...agent.headers } }
}

/** @throws {PermanentError} For a task that the agent did not do: with its words, not its output. */
async function outcomeOf(
  task: RemoteTask,
  agent: Agent,
  spec: TaskSpec,
  read: ReadOutput,
): Promise<ExecutionOutcome> {
  const { name } = agent
  const usage = task.usage()
  const said = (sentence: string) => withWords(sentence, task.words(), agent)
  const end = (unfinished?: Failure) => {
    const text = task.text()
    const tooLong: Failure = { code: 'output-limit', message: `The agent ${name} said too much.` }
    return read(shorten(text, MAX_OUTPUT), spec, {
      usage,
      unfinished: unfinished ?? (text.length > MAX_OUTPUT ? tooLong : undefined),
    })
  }
  if (task.hasReplied()) return end()
  switch (task.state()) {
    case TaskState.TASK_STATE_COMPLETED:
      return end()
    case TaskState.TASK_STATE_FAILED:
      throw new PermanentError('agent-failed', said(`The agent ${name} failed`))
    case TaskState.TASK_STATE_REJECTED:
      throw new PermanentError('agent-rejected', said(`The agent ${name} rejected the task`))
    case TaskState.TASK_STATE_CANCELED:
      throw new PermanentError('agent-canceled', said(`The agent ${name} cancelled the task`))
    case TaskState.TASK_STATE_INPUT_REQUIRED: {
      const message = said(`The agent ${name} asks for input, which nobody can give`)
      return end({ code: 'input-required', message })
    }
    case TaskState.TASK_STATE_AUTH_REQUIRED: {
      const message = said(`The agent ${name} asks for credentials, which nobody can give`)
      return end({ code: 'auth-required', message })
    }
    case TaskState.TASK_STATE_UNSPECIFIED:
    case TaskState.TASK_STATE_SUBMITTED:
    case TaskState.TASK_STATE_WORKING:
    case TaskState.UNRECOGNIZED:
      throw unreadable(agent)
  }
}
