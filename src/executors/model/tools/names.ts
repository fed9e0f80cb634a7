/** The tools on a task's files, in the order in which they are always given to the model. */
export const READ_TOOLS = ['list', 'glob', 'grep', 'read'] as const
export const WRITE_TOOLS = ['write', 'edit', 'delete'] as const
export const FILE_TOOLS: readonly string[] = [...READ_TOOLS, ...WRITE_TOOLS]

/** Runs programs; given to a task only where it asks for it. */
export const RUN_TOOL = 'run'

/** `mcp__<server>__<tool>`, or `mcp__<server>__*` for all that a server has. */
const MCP_TOOL = /^mcp__(?<server>[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*)__(?<tool>.+)$/

export function parseMcpTool(name: string): { server: string; tool: string } | undefined {
  const { server, tool } = MCP_TOOL.exec(name)?.groups ?? {}
  return server === undefined || tool === undefined ? undefined : { server, tool }
}

export function mcpToolName(server: string, tool: string): string {
  return `mcp__${server}__${tool}`
}
