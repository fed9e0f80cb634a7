import type { ToolSet } from 'ai'
import { PermanentError, TransientError } from '../../../core/contract/errors.ts'
import { untilAborted } from '../../../core/timing/until-aborted.ts'
import type { McpServer } from '../options.ts'
import { acceptedNames } from './accepted-names.ts'
import { mcpProcess } from './mcp-process.ts'
import { fitResult } from './mcp-results.ts'
import { mcpToolName, parseMcpTool } from './names.ts'

const CONNECT_TIMEOUT_MS = 30_000
const GOODBYE_MS = 1_000

export interface McpTools {
  tools: ToolSet
  /** Closes the connections and stops the servers that were started. Never rejects. */
  close(): Promise<void>
}

type Client = Awaited<ReturnType<typeof import('@ai-sdk/mcp').createMCPClient>>

/**
 * Connects only to the servers whose tools were chosen.
 *
 * @throws {TransientError} `mcp-unavailable` if a server does not answer properly.
 * @throws {PermanentError} `mcp-not-configured`, or `mcp-tool-missing` if a server lacks a chosen
 * tool.
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
        // This worker may be configured differently from the process that accepted the plan.
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
    return { tools: sorted(named(sets.flat())), close }
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
    // A server's own messages may contain the secrets that it was given.
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
    // It says goodbye to the server, which may no longer be listening.
    closers.push(() => inTime(client.close(), AbortSignal.timeout(GOODBYE_MS)))
    return client
  }
  const transport = mcpProcess(server)
  closers.push(() => transport.close())
  return createMCPClient({ transport, initializationOptions })
}

function chosenTools(server: string, offered: ToolSet, names: readonly string[]): NamedTool[] {
  const missing = names.find((name) => name !== '*' && !Object.hasOwn(offered, name))
  if (missing !== undefined) {
    const message = `The MCP server ${server} has no tool ${missing}.`
    throw new PermanentError('mcp-tool-missing', message)
  }
  const all = names.includes('*')
  return Object.entries(offered).flatMap(([name, tool]): NamedTool[] =>
    all || names.includes(name) ? [[mcpToolName(server, name), fitting(tool)]] : [],
  )
}

type NamedTool = [name: string, tool: ToolSet[string]]

function named(tools: readonly NamedTool[]): ToolSet {
  const accepted = acceptedNames(tools.map(([name]) => name))
  return Object.fromEntries(tools.map(([name, tool]) => [accepted.get(name) ?? name, tool]))
}

/** A tool whose results are cut, so that a single one cannot fill the model's context. */
function fitting(tool: ToolSet[string]): ToolSet[string] {
  const { execute } = tool
  if (execute === undefined) return tool
  return {
    ...tool,
    execute: async (input: never, options: never) => fitResult(await execute(input, options)),
  } as ToolSet[string]
}

/** The order in which servers answer must not change the prompt. */
function sorted(tools: ToolSet): ToolSet {
  return Object.fromEntries(Object.entries(tools).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return untilAborted(promise, AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]))
}
