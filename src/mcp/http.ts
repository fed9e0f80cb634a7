import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { mcpServer } from './server.ts'
import type { Service } from './tool.ts'

const PATH = '/mcp'
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])
/** The same as the service's limit for a plan. */
const MOST_BODY_BYTES = 64 * 1024 * 1024

export interface HttpServer {
  url: string
  close(): Promise<void>
}

/**
 * Serves the protocol over streamable HTTP, on the loopback only. It keeps no sessions: each
 * request is complete in itself, so nothing is lost when the server restarts.
 *
 * @param port 0 for any free one.
 */
export async function serveHttp(service: Service, port: number): Promise<HttpServer> {
  const server = createServer((request, response) => {
    handle(service, request, response).catch(() => refuse(response, 500, 'Internal error'))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const actualPort = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://127.0.0.1:${actualPort}${PATH}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function handle(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Otherwise a web page whose name resolves to the loopback could talk to us as its own site.
  if (!isLoopback(`http://${request.headers.host ?? ''}`)) {
    return refuse(response, 403, 'Only the loopback may call')
  }
  const { origin } = request.headers
  if (origin !== undefined && !isLoopback(origin)) {
    return refuse(response, 403, 'Web pages may not call')
  }
  if (request.url?.split('?')[0] !== PATH) return refuse(response, 404, `The path is ${PATH}`)
  // Without sessions there is no stream to open and nothing to delete.
  if (request.method !== 'POST') return refuse(response, 405, 'Only POST is answered')

  const server = mcpServer(service)
  const transport = new StreamableHTTPServerTransport({ maxRequestBodySize: MOST_BODY_BYTES })
  // Ends pending calls when the caller has gone.
  response.once('close', () => {
    server.close().catch(() => {})
  })
  await server.connect(transport)
  await transport.handleRequest(request, response)
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.has(new URL(url).hostname)
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json', allow: 'POST' })
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }))
}
