import { setTimeout } from 'node:timers/promises'
import type { SendMessageRequest } from '@a2a-js/sdk'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import type { Connection } from './connect.ts'
import { failureOf, unreadable } from './failures.ts'
import type { Agent } from './options.ts'
import type { RemoteTask } from './remote-task.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000
/** How long an agent may take to say how far its task is. */
const CALL_MS = 30_000
/** Calls in a row that may go wrong, before a task that is under way is given up. */
const MAX_FAILURES = 5

/**
 * Sends a message and follows the task that comes of it until there is nothing more to wait for: by
 * its events where the agent sends them, else by asking again and again. An agent whose events
 * break off is still at work, so that it is asked from then on.
 *
 * @throws {TransientError} {PermanentError}
 */
export async function followTask(
  agent: Agent,
  { client, streams }: Connection,
  options: { request: SendMessageRequest; task: RemoteTask; signal: AbortSignal },
): Promise<void> {
  const { request, task, signal } = options
  try {
    if (streams) {
      for await (const event of client.sendMessageStream(request, { signal })) {
        task.add(event)
        if (task.hasEnded()) return
      }
    } else {
      task.begin(await client.sendMessage(request, { signal }))
    }
  } catch (error) {
    const failure = failureOf(error, agent)
    if (failure instanceof PermanentError || task.id() === undefined) throw failure
  }
  await askUntilEnded()

  async function askUntilEnded(): Promise<void> {
    let pause = FIRST_PAUSE_MS
    let failures = 0
    while (!task.hasEnded()) {
      const id = task.id()
      if (id === undefined) throw unreadable(agent)
      await setTimeout(pause, undefined, { signal })
      // Half as long again, however the call goes.
      pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)])
        // Of the messages before only the last one may be the answer.
        const asked = { id, tenant: '', historyLength: 1 }
        task.replace(await client.getTask(asked, { signal: limit }))
        failures = 0
      } catch (error) {
        const failure = failureOf(error, agent)
        failures += 1
        const isLost = failure.code === 'agent-task-lost'
        const isOver = failures === MAX_FAILURES || isLost || failure instanceof PermanentError
        if (isOver || signal.aborted) throw failure
        if (failure instanceof TransientError) pause = Math.max(pause, failure.retryAfterMs ?? 0)
      }
    }
  }
}
