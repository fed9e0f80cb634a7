import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import type { Tutti } from '../client/index.ts'
import { mcpServer } from './server.ts'

/** Serves the process that started this one. Resolves when it has closed our input. */
export async function serveStdio(tutti: Tutti): Promise<void> {
  const server = mcpServer(tutti)
  const ended = new Promise<void>((resolve) => process.stdin.once('end', resolve))
  await server.connect(new StdioServerTransport())
  await ended
  // Ends the calls that still wait.
  await server.close()
}
