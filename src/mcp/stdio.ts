import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { mcpServer } from './server.ts'
import type { Service } from './tool.ts'

/** Serves the process that started this one. Resolves when it has closed our input. */
export async function serveStdio(service: Service): Promise<void> {
  const server = mcpServer(service)
  const ended = new Promise<void>((resolve) => process.stdin.once('end', resolve))
  await server.connect(new StdioServerTransport())
  await ended
  // Ends pending calls.
  await server.close()
}
