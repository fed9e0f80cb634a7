import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { AgentCard, type Message, type Part, Role, TaskState } from '@a2a-js/sdk'
import {
  AgentEvent,
  type AgentExecutionEvent,
  DefaultRequestHandler,
  InMemoryTaskStore,
} from '@a2a-js/sdk/server'
import {
  agentCardHandler,
  jsonRpcHandler,
  restHandler,
  UserBuilder,
} from '@a2a-js/sdk/server/express'
import express, { type Request, type RequestHandler } from 'express'
import { httpExecutor } from '../../../src/executors/http/http-executor.ts'
import { AgentsSettings, resolveAgents } from '../../../src/executors/http/options.ts'

type Metadata = Record<string, unknown>

/** What an agent does with one message; what it says goes out at once. */
export interface Turn {
  taskId: string
  /** All text of the message. */
  prompt: string
  message: Message
  headers: Request['headers']
  status(state: TaskState, words?: string, metadata?: Metadata): void
  artifact(id: string, parts: Part[], more?: { append?: boolean; metadata?: Metadata }): void
  reply(parts: Part[], metadata?: Metadata): void
  /** Resolves when the task is cancelled. */
  cancelled: Promise<void>
}

export interface RemoteAgent {
  url: string
  /** Bodies and headers of all requests, oldest first. */
  requests: { method: string; path: string; headers: Request['headers']; body: unknown }[]
  /** Tasks that were cancelled. */
  cancelled: string[]
  close(): Promise<void>
}

export const text = (value: string): Part => part({ $case: 'text', value })
export const data = (value: unknown): Part => part({ $case: 'data', value })

export function part(content: Part['content'], more: Partial<Part> = {}): Part {
  return { content, metadata: undefined, filename: '', mediaType: '', ...more }
}

/** A real server of the protocol around an agent that is a function. */
export async function aRemoteAgent(
  act: (turn: Turn) => Promise<void> | void,
  options: {
    streaming?: boolean
    transport?: 'JSONRPC' | 'HTTP+JSON'
    /** Speaks version 0.3 of the protocol. */
    legacy?: boolean
    /** Sees every request first, and may answer it. */
    intercept?: RequestHandler
    /** Where its card says that it is. */
    address?: string
  } = {},
): Promise<RemoteAgent> {
  const { streaming = true, transport = 'JSONRPC', legacy = false } = options
  const requests: RemoteAgent['requests'] = []
  const cancelled: string[] = []
  const cancels = new Map<string, () => void>()
  const app = express()
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const card = AgentCard.fromJSON({
    name: 'An agent',
    description: 'For tests.',
    version: '1.0.0',
    supportedInterfaces: [
      {
        url: options.address ?? `${url}/a2a`,
        protocolBinding: transport,
        protocolVersion: legacy ? '0.3' : '1.0',
      },
    ],
    capabilities: { streaming },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
  })
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), {
    async execute({ taskId, contextId, userMessage }, bus) {
      const { promise, resolve } = Promise.withResolvers<void>()
      cancels.set(taskId, resolve)
      const say = (event: AgentExecutionEvent) => bus.publish(event)
      const messageOf = (parts: Part[], metadata?: Metadata): Message => ({
        messageId: randomUUID(),
        contextId,
        taskId,
        role: Role.ROLE_AGENT,
        parts,
        metadata,
        extensions: [],
        referenceTaskIds: [],
      })
      const statusOf = (state: TaskState, words?: string) => ({
        state,
        message: words === undefined ? undefined : messageOf([text(words)]),
        timestamp: new Date().toISOString(),
      })
      let isBegun = false
      const begin = () => {
        if (isBegun) return
        isBegun = true
        const status = statusOf(TaskState.TASK_STATE_SUBMITTED)
        const history = [userMessage]
        say(
          AgentEvent.task({
            id: taskId,
            contextId,
            status,
            artifacts: [],
            history,
            metadata: undefined,
          }),
        )
      }
      await act({
        taskId,
        prompt: userMessage.parts
          .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
          .join('|'),
        message: userMessage,
        headers: requests.at(-1)?.headers ?? {},
        cancelled: promise,
        status(state, words, metadata) {
          begin()
          const status = statusOf(state, words)
          say(AgentEvent.statusUpdate({ taskId, contextId, status, metadata }))
        },
        artifact(artifactId, parts, { append = false, metadata } = {}) {
          begin()
          const artifact = {
            artifactId,
            parts,
            metadata,
            name: '',
            description: '',
            extensions: [],
          }
          say(
            AgentEvent.artifactUpdate({
              taskId,
              contextId,
              artifact,
              append,
              lastChunk: false,
              metadata: undefined,
            }),
          )
        },
        reply: (parts, metadata) => say(AgentEvent.message(messageOf(parts, metadata))),
      })
      bus.finished()
    },
    async cancelTask(taskId, bus) {
      cancelled.push(taskId)
      const status = {
        state: TaskState.TASK_STATE_CANCELED,
        message: undefined,
        timestamp: undefined,
      }
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId: '', status, metadata: undefined }))
      cancels.get(taskId)?.()
    },
  })

  app.use(express.json({ limit: '50mb' }), (request, _, next) => {
    const { method, path, headers, body } = request
    requests.push({ method, path, headers, body })
    next()
  })
  if (options.intercept !== undefined) app.use(options.intercept)
  const legacyCompat = { enabled: legacy }
  const cardOptions = { agentCardProvider: requestHandler, legacyCompat }
  app.use('/.well-known/agent-card.json', agentCardHandler(cardOptions))
  const userBuilder = UserBuilder.noAuthentication
  const handle = transport === 'JSONRPC' ? jsonRpcHandler : restHandler
  app.use('/a2a', handle({ requestHandler, userBuilder, legacyCompat }))

  return {
    url,
    requests,
    cancelled,
    async close() {
      for (const cancel of cancels.values()) cancel()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An executor of one agent, `reviewer`, and perhaps more. */
export function anExecutor(
  url: string,
  more: object = {},
  environment: Record<string, string> = {},
) {
  const reviewer = { url, description: 'Reviews.' }
  const settings = AgentsSettings.parse({ reviewer, ...more })
  return httpExecutor({ agents: resolveAgents(settings, environment) })
}
