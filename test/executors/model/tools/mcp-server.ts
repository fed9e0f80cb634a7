import { spawn } from 'node:child_process'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { z } from 'zod'

// A server of extra tools for tests, by the official SDK, over standard input and output.

const server = new McpServer({ name: 'test', version: '1.0.0' })
const say = (text: string) => ({ content: [{ type: 'text' as const, text }] })

server.registerTool(
  'greet',
  { description: 'Greets somebody.', inputSchema: { name: z.string() } },
  ({ name }) => say(`Hello, ${name}!`),
)
server.registerTool('environment', { description: 'Tells its environment.' }, () =>
  say(JSON.stringify(process.env)),
)
server.registerTool('big', { description: 'Says very much.' }, () => say('x'.repeat(100_000)))
server.registerTool('hang', { description: 'Never ends.' }, () => {
  process.stderr.write('hanging\n')
  return new Promise<never>(() => {})
})
// A server that ignores requests to end, with a child process.
process.on('SIGTERM', () => {})
if (process.env.WITH_CHILD === 'yes') spawn('sleep', process.argv.slice(2), { stdio: 'ignore' })

await server.connect(new StdioServerTransport())
