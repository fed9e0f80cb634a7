import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** How often a closing server looks for unused connections. */
const LOOK_EVERY_MS = 100

/**
 * A closing server waits for all connections to end, and unused ones could keep it waiting until
 * they time out. These are connections on which nothing has been sent yet, which browsers and load
 * balancers open in advance and which Node takes for an incoming request, and connections kept
 * alive after a stream or after an answer that was still being sent. Both kinds may still appear
 * while the server is closing.
 */
export function closeUnusedConnections(app: FastifyInstance): void {
  const connections = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  app.addHook('preClose', async () => {
    // A server that never listened has no connections, and emits no `close`.
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
