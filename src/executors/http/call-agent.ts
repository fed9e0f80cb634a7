import { randomUUID } from 'node:crypto'
import { Role, type SendMessageRequest } from '@a2a-js/sdk'
import { NO_USAGE } from '../../core/contract/usage.ts'
import type { ExecutionContext } from '../../core/ports/executor.ts'
import { untilAborted } from '../../core/timing/until-aborted.ts'
import { type Cards, type Connection, connect } from './connect.ts'
import { failureOf } from './failures.ts'
import { followTask } from './follow-task.ts'
import { isHandedOver, keepTask, taskBefore } from './kept-task.ts'
import type { Agent } from './options.ts'
import { type RemoteTask, remoteTask } from './remote-task.ts'

/** How long an agent may take to acknowledge that its task is cancelled. */
const CANCEL_MS = 1_000
const ACCEPTED = ['text/markdown', 'text/plain', 'application/json']

/**
 * Has an agent do one task. However this ends, an agent that may still be working is told to stop,
 * and nothing more is read from it.
 *
 * @throws The reason of `signal`, within two seconds of its abort.
 * @throws {TransientError} {PermanentError}
 */
export async function callAgent(
  agent: Agent,
  prompt: string,
  { cards, signal, onText, onUsage, steps }: ExecutionContext & { cards: Cards },
): Promise<RemoteTask> {
  const startedAt = performance.now()
  const before = await taskBefore(steps, agent, prompt)
  const closing = new AbortController()
  const task = remoteTask({
    onUsage,
    onText(text) {
      if (!signal.aborted) onText(text)
    },
  })
  let connection: Connection | undefined
  let isKept = false
  const follow = async () => {
    connection = await connect(agent, cards, closing.signal)
    const options = { request: requestFor(prompt), task, before, signal: closing.signal }
    await followTask(agent, connection, options)
  }
  const keep = async () => {
    await task.begun
    const id = task.id()
    if (id === undefined) return
    const ms = performance.now() - startedAt
    if (id !== before) await keepTask(steps, agent, { id, ms })
    isKept = steps !== undefined
  }
  const following = follow()
  const keeping = keep()
  let left: unknown
  try {
    // An agent that replies immediately starts no task, so there is nothing to store.
    const failing = new Promise<never>((_, reject) => {
      keeping.catch(reject)
    })
    await untilAborted(Promise.race([following, failing]), signal)
    return task
  } catch (error) {
    left = signal.aborted ? signal.reason : error
    // The attempt that takes the task over will report the agent's entire usage.
    if (isHandedOver(left)) onUsage(NO_USAGE)
    signal.throwIfAborted()
    if (isHandedOver(error)) throw error
    // The agent may have moved.
    cards.delete(agent.name)
    throw failureOf(error, agent)
  } finally {
    const staysOn = isKept && isHandedOver(left)
    if (connection !== undefined && !staysOn) await cancel(connection, task, following)
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
      // Without events it is polled, and can be cancelled once it has answered.
      returnImmediately: true,
    },
  }
}

/** Tells the agent to stop if it is working. It does not matter whether it answers. */
async function cancel(
  { client }: Connection,
  task: RemoteTask,
  following: Promise<void>,
): Promise<void> {
  const limit = AbortSignal.timeout(CANCEL_MS)
  const settled = following.catch(() => {})
  // The message may be in transit, with the agent about to say which task it has started.
  await untilAborted(Promise.race([task.begun, settled]), limit).catch(() => {})
  const id = task.id()
  if (id === undefined || !task.isOpen()) return
  await client
    .cancelTask({ id, tenant: '', metadata: undefined }, { signal: limit })
    .catch(() => {})
}
