import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type ServerNotification,
  type ServerRequest,
  type ToolAnnotations,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { TuttiError } from '../client/index.ts'
import { VERSION } from '../version.ts'
import { EXECUTOR_TOOLS } from './executor-tools.ts'
import { PLAN_TOOLS } from './plan-tools.ts'
import { SYNTHESIS_TOOLS } from './synthesis-tools.ts'
import { TASK_TOOLS } from './task-tools.ts'
import type { Service, Tool } from './tool.ts'

const INSTRUCTIONS = `Tutti runs independent tasks in parallel, each by a subagent, and merges their outputs.
1. Split the work into tasks that do not need each other's output and do not write the same files. validate_plan tells before launch.
2. Launch all of them in ONE launch_plan call: that is what makes them run at the same time.
3. Retrieve results with task_output (block waits), or follow plan_status and todos.
4. get_synthesis has the merged result: findings ranked, conflicts resolved, what is missing.
Do not use it for one task alone, or where each step needs the one before.`

const TOOLS = [...PLAN_TOOLS, ...TASK_TOOLS, ...SYNTHESIS_TOOLS, ...EXECUTOR_TOOLS]

/** Well below the minute after which clients give up on a call without progress. */
const PROGRESS_EVERY_MS = 5_000

/** An MCP server whose tools call the service. One per connection. */
export function mcpServer(service: Service): McpServer {
  const server = new McpServer(
    { name: 'tutti', title: 'Tutti', version: VERSION },
    { instructions: INSTRUCTIONS },
  )
  // Bypasses the SDK's tool registration, which only accepts Zod schemas: a plan's schema is the
  // published JSON Schema, and the service validates plans against it.
  server.server.registerCapabilities({ tools: {} })
  server.server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS.map(listingOf) }))
  server.server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = TOOLS.find(({ name }) => name === params.name)
    if (tool === undefined) {
      throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name}`)
    }
    const stopProgress = showProgress(extra)
    try {
      return resultOf(await tool.call(service, params.arguments ?? {}, extra.signal))
    } catch (error) {
      return failureOf(error)
    } finally {
      stopProgress()
    }
  })
  return server
}

function listingOf({ name, title, description, effect, inputSchema }: Tool) {
  return { name, title, description, inputSchema, annotations: annotationsOf(effect) }
}

function annotationsOf(effect: Tool['effect']): ToolAnnotations {
  switch (effect) {
    case 'reads':
      return { readOnlyHint: true, openWorldHint: false }
    case 'adds':
      return { readOnlyHint: false, destructiveHint: false, openWorldHint: true }
    case 'stops':
      return {
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: true,
        openWorldHint: false,
      }
  }
}

/** As data and as text, for clients that only support text. */
function resultOf(answer: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer }
}

/** What went wrong, for the assistant to act on: never a protocol error. */
function failureOf(error: unknown): CallToolResult {
  return { content: [{ type: 'text', text: messageOf(error) }], isError: true }
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return `Invalid arguments.\n${z.prettifyError(error)}`
  if (!(error instanceof TuttiError)) {
    return `Unexpected: ${error instanceof Error ? error.message : String(error)}`
  }
  switch (error.code) {
    case 'network-error':
      return `The Tutti service does not answer: ${error.message}. Whoever runs it starts it with \`npm start\`, or sets TUTTI_URL to its address.`
    case 'unauthorized':
      return 'The Tutti service needs a valid API key; whoever runs this server must set TUTTI_API_KEY.'
    default:
      return [
        headOf(error),
        ...error.errors.map(({ pointer, detail }) => `- ${pointer}: ${detail}`),
        ...overlapsOf(error),
      ].join('\n')
  }
}

/** With field errors, the message would only repeat them. */
function headOf({ code, message, errors, problem }: TuttiError): string {
  const title = problem?.title ?? code
  return errors.length > 0 ? title : `${title}: ${message}`
}

/** The pairs of overlapping tasks, if these are why a plan was rejected. */
function overlapsOf({ problem }: TuttiError): string[] {
  const overlaps = problem?.overlaps
  return Array.isArray(overlaps) ? [`overlaps: ${JSON.stringify(overlaps.slice(0, 20))}`] : []
}

/**
 * Tells a client that asked for progress that the call is still waiting. @returns A function that
 * stops it.
 */
function showProgress(extra: RequestHandlerExtra<ServerRequest, ServerNotification>): () => void {
  const progressToken = extra._meta?.progressToken
  if (progressToken === undefined) return () => {}
  let progress = 0
  const timer = setInterval(() => {
    progress += 1
    const params = { progressToken, progress, message: 'waiting' }
    // The transport notices when a client has gone.
    extra.sendNotification({ method: 'notifications/progress', params }).catch(() => {})
  }, PROGRESS_EVERY_MS)
  return () => clearInterval(timer)
}
