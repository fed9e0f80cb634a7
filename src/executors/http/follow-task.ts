import { setTimeout } from 'node:timers/promises'
import { type SendMessageRequest, TaskState } from '@a2a-js/sdk'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import type { Connection } from './connect.ts'
import { failureOf, unreadable } from './failures.ts'
import type { Agent } from './options.ts'
import type { RemoteTask } from './remote-task.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000
/** How long an agent may take to report the state of its task. */
const CALL_MS = 30_000
/** How many consecutive calls may fail before a running task is given up. */
const MAX_FAILURES = 5

/** A task that came to nothing. */
const GIVEN_UP = new Set([
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
])

/**
 * Sends a message and follows the resulting task until there is nothing left to wait for: by its
 * events if the agent sends them, otherwise by polling. If the events break off, the agent is still
 * working, so it is polled from then on.
 *
 * @throws {TransientError} {PermanentError}
 */
export async function followTask(
  agent: Agent,
  { client, streams }: Connection,
  options: {
    request: SendMessageRequest
    task: RemoteTask
    /** A task of an earlier attempt, to be taken up instead of sending the message again. */
    before: string | undefined
    signal: AbortSignal
  },
): Promise<void> {
  const { request, task, before, signal } = options
  if (before !== undefined && (await takeUp(before))) return askUntilEnded()
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

  /** Whether that task still runs, or was done; another one is begun in place of any other. */
  async function takeUp(id: string): Promise<boolean> {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)])
      const found = await client.getTask({ id, tenant: '', historyLength: 1 }, { signal: limit })
      if (found.status === undefined || GIVEN_UP.has(found.status.state)) return false
      task.replace(found)
      return true
    } catch (error) {
      const failure = failureOf(error, agent)
      if (failure instanceof TransientError && failure.code !== 'agent-task-lost') throw failure
      return false
    }
  }

  async function askUntilEnded(): Promise<void> {
    let pause = FIRST_PAUSE_MS
    let failures = 0
    while (!task.hasEnded()) {
      const id = task.id()
      if (id === undefined) throw unreadable(agent)
      await setTimeout(pause, undefined, { signal })
      // 1.5 times as long, however the call goes.
      pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)])
        // Of the earlier messages, only the last may be the answer.
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
