import type { FastifyReply } from 'fastify'

/**
 * The requests that are waiting for something: each ends when its caller leaves, all end at
 * shutdown.
 */
export interface Waits {
  /** Aborts when the connection of this answer closes, and when the service shuts down. */
  signalFor(reply: FastifyReply): AbortSignal
  /** True from the start of the shutdown. */
  readonly closing: boolean
  /** Ends all waits; later ones end at once. */
  close(): void
}

export function createWaits(): Waits {
  // One controller per request instead of `AbortSignal.any` with a shutdown signal, which would
  // keep a reference to every request ever made.
  const open = new Set<AbortController>()
  let closing = false
  return {
    get closing() {
      return closing
    },
    signalFor(reply) {
      const controller = new AbortController()
      if (closing || reply.raw.destroyed) {
        controller.abort()
        return controller.signal
      }
      open.add(controller)
      reply.raw.once('close', () => {
        open.delete(controller)
        controller.abort()
      })
      return controller.signal
    },
    close() {
      closing = true
      for (const controller of open) controller.abort()
      open.clear()
    },
  }
}
