/** The tools on a task's files, in the fixed order in which the model gets them. */
export const READ_TOOLS = ['list', 'glob', 'grep', 'read'] as const
export const WRITE_TOOLS = ['write', 'edit', 'delete'] as const
export const FILE_TOOLS: readonly string[] = [...READ_TOOLS, ...WRITE_TOOLS]

/** Runs programs; only given to tasks that ask for it. */
export const RUN_TOOL = 'run'

/** `mcp__<server>__<tool>`, or `mcp__<server>__*` for all tools of a server. */
const MCP_TOOL = /^mcp__(?<server>[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*)__(?<tool>.+)$/

export function parseMcpTool(name: string): { server: string; tool: string } | undefined {
  const { server, tool } = MCP_TOOL.exec(name)?.groups ?? {}
  return server === undefined || tool === undefined ? undefined : { server, tool }
}

export function mcpToolName(server: string, tool: string): string {
  return `mcp__${server}__${tool}`
}
