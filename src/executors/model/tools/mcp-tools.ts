import type { ToolSet } from 'ai'
import { PermanentError, TransientError } from '../../../core/contract/errors.ts'
import { shorten } from '../../../core/text/shorten.ts'
import { untilAborted } from '../../../core/timing/until-aborted.ts'
import type { McpServer } from '../options.ts'
import { mcpProcess } from './mcp-process.ts'
import { mcpToolName, parseMcpTool } from './names.ts'
import { fitText } from './output-budget.ts'

const CONNECT_TIMEOUT_MS = 30_000
const GOODBYE_MS = 1_000

export interface McpTools {
  tools: ToolSet
  /** Ends the connections and the servers that were started. Never rejects. */
  close(): Promise<void>
}

type Client = Awaited<ReturnType<typeof import('@ai-sdk/mcp').createMCPClient>>

/**
 * Connects to the servers whose tools were chosen, and to no other.
 *
 * @throws {TransientError} `mcp-unavailable` when a server does not answer as it should.
 * @throws {PermanentError} `mcp-not-configured`, and `mcp-tool-missing` for a tool that a server has not.
 */
export async function mcpTools(
  servers: Readonly<Record<string, McpServer>>,
  chosen: readonly string[],
  signal: AbortSignal,
): Promise<McpTools> {
  const wanted = Map.groupBy(
    chosen.flatMap((name) => parseMcpTool(name) ?? []),
    ({ server }) => server,
  )
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    await Promise.allSettled(closers.map((closeOne) => closeOne()))
  }
  try {
    const sets = await Promise.all(
      [...wanted].map(async ([name, tools]) => {
        const server = servers[name]
        // The process that took the plan may be configured otherwise than this worker.
        if (server === undefined) {
          throw new PermanentError(
            'mcp-not-configured',
            `The MCP server ${name} is not configured on this worker.`,
          )
        }
        const offered = await offeredBy(name, server, closers, signal)
        return chosenTools(
          name,
          offered,
          tools.map(({ tool }) => tool),
        )
      }),
    )
    return { tools: sorted(Object.assign({}, ...sets)), close }
  } catch (error) {
    await close()
    signal.throwIfAborted()
    throw error
  }
}

async function offeredBy(
  name: string,
  server: McpServer,
  closers: (() => Promise<void>)[],
  signal: AbortSignal,
): Promise<ToolSet> {
  try {
    const client = await inTime(connect(server, closers, signal), signal)
    return await inTime(client.tools(), signal)
  } catch {
    signal.throwIfAborted()
    // What a server says of itself may hold the secrets that it was given.
    throw new TransientError(`The MCP server ${name} could not be reached.`, {
      code: 'mcp-unavailable',
    })
  }
}

async function connect(
  server: McpServer,
  closers: (() => Promise<void>)[],
  signal: AbortSignal,
): Promise<Client> {
  const { createMCPClient } = await import('@ai-sdk/mcp')
  signal.throwIfAborted()
  const initializationOptions = { signal, timeout: CONNECT_TIMEOUT_MS }
  if ('url' in server) {
    const { url, headers = {} } = server
    const transport = { type: 'http' as const, url, headers }
    const client = await createMCPClient({ transport, initializationOptions })
    // It says goodbye to the server, which may not listen any more.
    closers.push(() => inTime(client.close(), AbortSignal.timeout(GOODBYE_MS)))
    return client
  }
  const transport = mcpProcess(server)
  closers.push(() => transport.close())
  return createMCPClient({ transport, initializationOptions })
}

function chosenTools(server: string, offered: ToolSet, names: readonly string[]): ToolSet {
  const missing = names.find((name) => name !== '*' && !Object.hasOwn(offered, name))
  if (missing !== undefined) {
    const message = `The MCP server ${server} has no tool ${missing}.`
    throw new PermanentError('mcp-tool-missing', message)
  }
  const all = names.includes('*')
  return Object.fromEntries(
    Object.entries(offered).flatMap(([name, tool]) =>
      all || names.includes(name) ? [[acceptedName(mcpToolName(server, name)), cutting(tool)]] : [],
    ),
  )
}

/** MCP lets a tool have any name; providers refuse the whole call for some. */
function acceptedName(name: string): string {
  return shorten(name.replace(/[^A-Za-z0-9_-]/g, '_'), 64)
}

/** A tool whose text results are cut, so that one of them cannot fill the model's context. */
function cutting(tool: ToolSet[string]): ToolSet[string] {
  const { execute } = tool
  if (execute === undefined) return tool
  return {
    ...tool,
    execute: async (input: never, options: never) => cut(await execute(input, options)),
  } as ToolSet[string]
}

function cut(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !('content' in result)) return result
  if (!Array.isArray(result.content)) return result
  const content = result.content.map((part: unknown) =>
    typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string'
      ? { ...part, text: fitText(part.text) }
      : part,
  )
  return { ...result, content }
}

/** The order of the servers' answers must not change the prompt. */
function sorted(tools: ToolSet): ToolSet {
  return Object.fromEntries(Object.entries(tools).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return untilAborted(promise, AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]))
}
