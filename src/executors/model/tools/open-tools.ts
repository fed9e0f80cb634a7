import type { ToolSet } from 'ai'
import { writesOf } from '../../../core/contract/files-written.ts'
import type { ExecutionRequest, ReadLog } from '../../../core/ports/executor.ts'
import type { Programs } from '../../../core/ports/programs.ts'
import type { McpServer } from '../options.ts'
import { oneAfterAnother } from './in-order.ts'
import { parseMcpTool, RUN_TOOL } from './names.ts'
import { requirePrograms, runTool } from './run-tool.ts'

export interface OpenedTools {
  tools: ToolSet
  /** Resolves once none of the tools is running. Never rejects. */
  close(): Promise<void>
}

/**
 * The tools of one task: those for its files if it has any, and, if it names them, the one that
 * runs programs and those of the operator's MCP servers.
 *
 * @throws {PermanentError} `sandbox-unavailable`.
 * @throws {TransientError} `mcp-unavailable`.
 */
export async function openTools(
  task: Pick<ExecutionRequest, 'spec' | 'workspace'> & {
    mcpServers: Readonly<Record<string, McpServer>>
    programs: Programs | undefined
    reads?: ReadLog | undefined
    signal: AbortSignal
  },
): Promise<OpenedTools> {
  const { spec, workspace, mcpServers, signal } = task
  const chosen = spec.tools
  const tools: ToolSet = {}
  const closers: (() => Promise<void>)[] = []
  if (workspace !== undefined) {
    const { fileTools } = await import('./file-tools.ts')
    const inOrder = oneAfterAnother()
    const files = await fileTools({
      ...{ workspace, chosen, writes: writesOf(spec), inOrder },
      reads: task.reads,
    })
    Object.assign(tools, files.tools)
    closers.push(files.settled)
    if (chosen?.includes(RUN_TOOL)) {
      const programs = requirePrograms(task.programs)
      tools[RUN_TOOL] = runTool(programs, workspace, { signal, inOrder })
      // Waits for everything that is running.
      closers.push(() => inOrder(async () => {}))
    }
  }
  const remote = (chosen ?? []).filter((name) => parseMcpTool(name) !== undefined)
  if (remote.length > 0) {
    const { mcpTools } = await import('./mcp-tools.ts')
    const servers = await mcpTools(mcpServers, remote, signal)
    Object.assign(tools, servers.tools)
    closers.push(servers.close)
  }
  return {
    tools,
    async close() {
      await Promise.allSettled(closers.map((closeOne) => closeOne()))
    },
  }
}
