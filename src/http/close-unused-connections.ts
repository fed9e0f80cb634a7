import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** How often a server that closes looks for connections that nobody uses. */
const LOOK_EVERY_MS = 100

/**
 * A server that closes waits for all connections to end, and these would make it wait for as long as
 * their timeouts allow: those on which nothing was sent yet, which browsers and load balancers open
 * before they have anything to ask, and which Node takes for a request that is still coming in; and
 * those that were kept alive for another request after a stream, or after an answer that was on its way.
 * Either kind may still come up while the server closes.
 */
export function closeUnusedConnections(app: FastifyInstance): void {
  const connections = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  app.addHook('preClose', async () => {
    // One that never listened has no connections, and does not tell that it closed.
    if (!app.server.listening) return
    const closeUnused = () => {
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
      app.server.closeIdleConnections()
    }
    closeUnused()
    const timer = setInterval(closeUnused, LOOK_EVERY_MS)
    app.server.once('close', () => clearInterval(timer))
  })
}
