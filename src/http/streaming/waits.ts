import type { FastifyReply } from 'fastify'

/** The requests that wait for something: each ends when its caller goes, all end at shutdown. */
export interface Waits {
  /** Aborts when the connection of this answer closes, and when the service shuts down. */
  signalFor(reply: FastifyReply): AbortSignal
  /** True from the start of the shutdown on. */
  readonly closing: boolean
  /** Ends all waits; those that come later end at once. */
  close(): void
}

export function createWaits(): Waits {
  // One controller a request, and not `AbortSignal.any` with one for the shutdown: that one would
  // keep a reference to every request there ever was.
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
