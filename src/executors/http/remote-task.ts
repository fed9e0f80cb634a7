import {
  type Message,
  Role,
  type StreamResponse,
  type Task,
  type TaskArtifactUpdateEvent,
  TaskState,
} from '@a2a-js/sdk'
import { NO_USAGE, type Usage } from '../../core/contract/usage.ts'
import type { ExecutionContext } from '../../core/ports/executor.ts'
import { textOf } from './parts.ts'
import { usageIn } from './usage.ts'

/** The agent has finished. */
const TERMINAL = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
])
/** The agent is waiting for a person, but nobody is there. */
const WAITING = new Set([TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED])

const UNKNOWN = new Set([TaskState.TASK_STATE_UNSPECIFIED, TaskState.UNRECOGNIZED])

export type RemoteTask = ReturnType<typeof remoteTask>

/** What an agent has reported about one task, assembled from events and complete answers. */
export function remoteTask({ onText, onUsage }: Pick<ExecutionContext, 'onText' | 'onUsage'>) {
  const begun = Promise.withResolvers<void>()
  let id: string | undefined
  let state = TaskState.TASK_STATE_UNSPECIFIED
  let usage: Usage = NO_USAGE
  /** An answer without a task. */
  let reply: Message | undefined
  /** The message that came with the current state. */
  let statusMessage: Message | undefined
  let lastMessage: Message | undefined
  const artifacts = new Map<string, string>()
  /** How many characters of each artifact and message have been passed on. */
  const told = new Map<string, number>()
  let lastTold: string | undefined

  return {
    id: () => id,
    /** Resolves when the agent has said which task it started. */
    begun: begun.promise,
    state: () => state,
    usage: () => usage,
    hasReplied: () => reply !== undefined,
    /** Whether there is nothing more to wait for. */
    hasEnded: () => reply !== undefined || TERMINAL.has(state) || WAITING.has(state),
    /** Whether the agent has work that can be cancelled. */
    isOpen: () => id !== undefined && reply === undefined && !TERMINAL.has(state),
    /** The agent's message about the current state. */
    words: () => textOf(statusMessage?.parts ?? []).trim(),
    text,

    add({ payload }: StreamResponse): void {
      switch (payload?.$case) {
        case 'task':
          replace(payload.value)
          break
        case 'message':
          replyWith(payload.value)
          break
        case 'statusUpdate':
          identify(payload.value.taskId)
          change(payload.value.status)
          read(payload.value.metadata)
          break
        case 'artifactUpdate':
          identify(payload.value.taskId)
          extend(payload.value)
          read(payload.value.metadata)
          break
        case undefined:
          throw new Error('an event of an unknown kind')
      }
    },

    begin(answer: Message | Task): void {
      if ('messageId' in answer) replyWith(answer)
      else replace(answer)
    },

    replace,
  }

  function replace(task: Task): void {
    identify(task.id)
    if (task.status === undefined) throw new Error('a task without a status')
    for (const { artifactId, parts, metadata } of task.artifacts) {
      const whole = textOf(parts)
      artifacts.set(artifactId, whole)
      tell(artifactId, whole)
      read(metadata)
    }
    const said = task.history.findLast(({ role }) => role === Role.ROLE_AGENT)
    if (said !== undefined) hear(said)
    change(task.status)
    read(task.metadata)
  }

  function extend({ artifact, append }: TaskArtifactUpdateEvent): void {
    if (artifact === undefined) return
    const { artifactId, parts, metadata } = artifact
    const piece = textOf(parts)
    const before = append ? (artifacts.get(artifactId) ?? '') : ''
    artifacts.set(artifactId, before + piece)
    if (append) pass(artifactId, piece)
    else tell(artifactId, piece)
    read(metadata)
  }

  function replyWith(message: Message): void {
    reply = message
    hear(message)
  }

  function change(status: Task['status']): void {
    if (status === undefined) return
    if (UNKNOWN.has(status.state)) throw new Error('an unknown state')
    state = status.state
    statusMessage = status.message
    if (statusMessage !== undefined) hear(statusMessage)
  }

  function hear(message: Message): void {
    lastMessage = message
    tell(`message ${message.messageId}`, textOf(message.parts))
    read(message.metadata)
  }

  function identify(taskId: string): void {
    if (typeof taskId !== 'string' || taskId === '' || (id !== undefined && id !== taskId))
      throw new Error('no task of ours')
    id = taskId
    begun.resolve()
  }

  function read(metadata: Record<string, unknown> | undefined): void {
    const stated = usageIn(metadata)
    if (stated === undefined) return
    usage = stated
    onUsage(stated)
  }

  /** Passes on the new part of a growing text. */
  function tell(source: string, whole: string): void {
    pass(source, whole.slice(told.get(source) ?? 0))
  }

  function pass(source: string, piece: string): void {
    if (piece === '') return
    told.set(source, (told.get(source) ?? 0) + piece.length)
    onText(lastTold === undefined || lastTold === source ? piece : `\n\n${piece}`)
    lastTold = source
  }

  /**
   * The artifacts, followed by the final message unless it only repeats them. If there is neither,
   * the agent's last message.
   */
  function text(): string {
    const made = [...artifacts.values()].map((artifact) => artifact.trim())
    const whole = made.filter((artifact) => artifact !== '').join('\n\n')
    const message = reply ?? statusMessage ?? (whole === '' ? lastMessage : undefined)
    const said = textOf(message?.parts ?? []).trim()
    if (whole === '' || said === '') return `${whole}${said}`
    return whole.includes(said) ? whole : `${whole}\n\n${said}`
  }
}
