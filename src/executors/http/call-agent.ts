import { randomUUID } from 'node:crypto'
import { Role, type SendMessageRequest } from '@a2a-js/sdk'
import type { ExecutionContext } from '../../core/ports/executor.ts'
import { untilAborted } from '../../core/timing/until-aborted.ts'
import { type Cards, type Connection, connect } from './connect.ts'
import { failureOf } from './failures.ts'
import { followTask } from './follow-task.ts'
import type { Agent } from './options.ts'
import { type RemoteTask, remoteTask } from './remote-task.ts'

/** How long an agent may take to be told that its task is not wanted any more. */
const CANCEL_MS = 1_000
const ACCEPTED = ['text/markdown', 'text/plain', 'application/json']

/**
 * Has an agent do one task. Whatever way this ends, an agent that may still be at work is told to
 * stop, and nothing more is read of it.
 *
 * @throws The reason of `signal`, within two seconds of its abort.
 * @throws {TransientError} {PermanentError}
 */
export async function callAgent(
  agent: Agent,
  prompt: string,
  { cards, signal, onText, onUsage }: ExecutionContext & { cards: Cards },
): Promise<RemoteTask> {
  const closing = new AbortController()
  const task = remoteTask({
    onUsage,
    onText(text) {
      if (!signal.aborted) onText(text)
    },
  })
  let connection: Connection | undefined
  const follow = async () => {
    connection = await connect(agent, cards, closing.signal)
    const options = { request: requestFor(prompt), task, signal: closing.signal }
    await followTask(agent, connection, options)
  }
  const following = follow()
  try {
    await untilAborted(following, signal)
    return task
  } catch (error) {
    signal.throwIfAborted()
    // It may have moved.
    cards.delete(agent.name)
    throw failureOf(error, agent)
  } finally {
    if (connection !== undefined) await cancel(connection, task, following)
    closing.abort()
  }
}

function requestFor(prompt: string): SendMessageRequest {
  const text = { content: { $case: 'text' as const, value: prompt }, metadata: undefined }
  return {
    tenant: '',
    metadata: undefined,
    message: {
      messageId: randomUUID(),
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts: [{ ...text, filename: '', mediaType: 'text/plain' }],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: {
      acceptedOutputModes: ACCEPTED,
      taskPushNotificationConfig: undefined,
      historyLength: 1,
      // Without events it is asked, and can be cancelled from the first answer on.
      returnImmediately: true,
    },
  }
}

/** Tells the agent to stop, if it has anything to stop. That it does not answer changes nothing. */
async function cancel(
  { client }: Connection,
  task: RemoteTask,
  following: Promise<void>,
): Promise<void> {
  const limit = AbortSignal.timeout(CANCEL_MS)
  const settled = following.catch(() => {})
  // The message may be on its way, and the agent about to say which task it has begun.
  await untilAborted(Promise.race([task.begun, settled]), limit).catch(() => {})
  const id = task.id()
  if (id === undefined || !task.isOpen()) return
  await client
    .cancelTask({ id, tenant: '', metadata: undefined }, { signal: limit })
    .catch(() => {})
}
