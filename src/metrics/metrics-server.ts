import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/**
 * Serves `GET /metrics` for a process without its own HTTP server. Resolves with the port it
 * listens on.
 *
 * @throws if the port is taken.
 */
export async function startMetricsServer(options: {
  registry: Registry
  host: string
  port: number
  /** Whether the sender of this key may read the metrics; undefined if no key was sent. */
  mayRead: (key: string | undefined) => boolean
}): Promise<{ port: number; close(): Promise<void> }> {
  const { registry } = options
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (request.method !== 'GET' || path !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    if (!options.mayRead(keyOf(request))) {
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="tutti"' }).end()
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}

function keyOf({ headers }: IncomingMessage): string | undefined {
  return /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
}
