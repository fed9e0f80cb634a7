import { TaskState } from '@a2a-js/sdk'
import { type Failure, PermanentError } from '../../core/contract/errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { ExecutionOutcome } from '../../core/ports/executor.ts'
import { shorten } from '../../core/text/shorten.ts'
import type { ReadOutput } from '../output/read-output.ts'
import { unreadable, withWords } from './failures.ts'
import type { Agent } from './options.ts'
import type { RemoteTask } from './remote-task.ts'

/** Output that is kept, in characters. */
const MAX_OUTPUT = 4_000_000

/**
 * How the task of a remote agent ended.
 *
 * @throws {PermanentError} For a task that the agent did not do: with its words, not its output.
 */
export async function outcomeOf(
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
    const tooLong: Failure = {
      code: 'output-limit',
      message: `The agent ${name} sent too much output.`,
    }
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
